"""How fast a page of many labels is: its making, its size, its first paint, a key of the search, a screen of scrolling.

    python tests/benchmarks/report_page.py [--labels 100000] [--rounds 5]

Needs a chromium on PATH. Times are medians, in milliseconds.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from report_pages import many_labels

from pipeline.review.report.page import render_report

FIRST_PAINT = """() => new Promise((done) => {
  const found = performance.getEntriesByName("first-contentful-paint");
  if (found.length) done(found[0].startTime);
  else {
    const observer = new PerformanceObserver((list) => done(list.getEntries()[0].startTime));
    observer.observe({ type: "paint", buffered: true });
  }
})"""
# From the key to the frame after the one that shows it: what a person waits for.
KEY = """(text) => new Promise((done) => {
  const search = document.querySelector("#search");
  const start = performance.now();
  search.value = text;
  search.dispatchEvent(new InputEvent("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""
SCROLL = """() => new Promise((done) => {
  const list = document.querySelector("#list");
  const times = [];
  let last = performance.now(), steps = 0;
  const step = (now) => {
    times.push(now - last);
    last = now;
    list.scrollTop += 700;
    if (++steps < 60) requestAnimationFrame(step);
    else done(times.slice(1));
  };
  requestAnimationFrame(step);
})"""


def measure(page: Page, address: str) -> dict[str, list[float]]:
    """One visit."""
    page.goto(address)
    first = page.evaluate(FIRST_PAINT)
    page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
    ready = page.evaluate("performance.now()")
    keys = [page.evaluate(KEY, text) for text in ("b", "ba", "ban", "bani", "bani k", "x", "", "ka", "kari")]
    page.evaluate(KEY, "")
    page.select_option("#sort", "name")
    sort = page.evaluate(KEY, "a")
    frames = page.evaluate(SCROLL)
    return {
        "first paint": [first],
        "list usable": [ready],
        "key to paint, median": [statistics.median(keys)],
        "key to paint, worst": [max(keys)],
        "key to paint, by name": [sort],
        "frame while scrolling, median": [statistics.median(frames)],
        "frame while scrolling, worst": [max(frames)],
    }


def main() -> None:
    """Make the page and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parsed = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.error("no chromium on PATH")
    data = many_labels(parsed.labels)
    start = time.perf_counter()
    html = render_report(data)
    sys.stdout.write(
        f"{parsed.labels:,} labels: rendered in {time.perf_counter() - start:.1f} s, {len(html) / 1e6:.1f} MB\n"
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(html, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found: dict[str, list[float]] = {}
        for _ in range(parsed.rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            for name, times in measure(page, file.as_uri()).items():
                found.setdefault(name, []).extend(times)
            page.close()
        browser.close()
    for name, times in found.items():
        sys.stdout.write(f"{name:32s} {statistics.median(times):8.1f}\n")


if __name__ == "__main__":
    main()
