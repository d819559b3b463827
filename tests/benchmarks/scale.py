"""The whole road on ever more signals: what each stage takes, how that grows, and whether it was foreseen.

    python tests/benchmarks/scale.py run build/bench --sizes 100000 1000000 10000000
    python tests/benchmarks/scale.py table build/bench        what was measured, as Markdown, SVG and PNG
    python tests/benchmarks/scale.py predict build/bench      each size from the smaller ones, beside what was measured

Each size is made by `generate` (shares of languages, dirt and reposts as `scale_mixture` states them) and mined by
`jobs/mine.py` in processes of its own, with a cache of its own, so that every phrase is encoded. All settings are the
product's defaults; `--set` changes some, and what was changed stands in the results. A size that has been measured is
not measured again; another may be added at any time. Results are in scale.json. Of each run its record is kept, which
`jobs/estimate.py` reads; its data go, unless --keep is given.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from watch import watch

_HERE = Path(__file__).parent
ROAD = _HERE.parents[1] / "jobs" / "mine.py"
MIXTURE = {"foreign": 0.2, "unstated": 0.3, "dirty": 0.02, "reposts": 0.1}
RUN = "bench"
SOURCES = """\
[[sources]]
name = "texts {name}"
path = "{folder}/signals"
signal_column = "signal"
text = "text"
language = "language"
count = "count"
contributor = "contributor"

[[images]]
name = "images {name}"
path = "{folder}/images"
image_uri = "image_uri"
duplicate_of = "duplicate_of"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, show or predict; 1 where a run fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, what in (("run", "measure sizes"), ("table", "show them"), ("predict", "foretell them")):
        one = verbs.add_parser(verb, help=what)
        one.add_argument("out", type=Path, help="folder of the results")
        if verb == "run":
            one.add_argument("--sizes", type=_count, nargs="+", default=[100_000, 1_000_000, 10_000_000], metavar="N")
            one.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="of the run")
            one.add_argument("--keep", action="store_true", help="keep signals and tables")
    parsed = parser.parse_args(argv)
    out: Path = parsed.out.resolve()
    results = read_results(out)
    if parsed.verb == "run":
        for size in sorted(parsed.sizes):
            if str(size) in results["sizes"]:
                _say(f"{size:,} signals: measured before")
                continue
            found = measure(out / str(size), size, parsed.set, parsed.keep)
            if found is None:
                return 1
            results["sizes"][str(size)] = found
            out.mkdir(parents=True, exist_ok=True)
            (out / "scale.json").write_text(json.dumps(results, indent=2) + "\n")
            _say(f"{size:,} signals: {found['seconds']:.0f} s, {found['peak_mb']:,} MB")
    if not results["sizes"]:
        _say(f"{out}: nothing was measured. Start with scale.py run.", sys.stderr)
        return 1
    from scale_table import draw_chart, render_predictions, render_results

    if parsed.verb == "predict":
        _say(render_predictions(out, results))
        return 0
    table = render_results(out, results)
    (out / "scale.md").write_text(table + "\n")
    for kind in ("svg", "png"):
        draw_chart(results, out / f"scale.{kind}")
    _say(table)
    return 0


def read_results(out: Path) -> dict[str, Any]:
    """scale.json of a folder; an empty one where nothing was measured."""
    path = out / "scale.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    memory = round(psutil.virtual_memory().total / 2**30)
    machine = {"cores": len(os.sched_getaffinity(0)), "memory_gb": memory, "system": platform.platform()}
    return {"machine": machine, "mixture": MIXTURE, "sizes": {}}


def measure(folder: Path, size: int, settings: Sequence[str], keep: bool) -> dict[str, Any] | None:
    """Make the signals and mine them; what it took, or None where that failed, which is said."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    shares = [text for name, share in MIXTURE.items() for text in (f"--{name}", str(share))]
    command = [sys.executable, str(_HERE / "generate.py"), str(folder / "signals"), "--signals", str(size), *shares]
    made = watch([*command, "--images", str(folder / "images")])
    if made.code:
        _say(made.output, sys.stderr)
        return None
    config = folder / "run.toml"
    config.write_text(SOURCES.format(folder=folder, name=folder.name))
    options = ["--config", str(config), "--run-root", str(folder / "runs"), "--run-id", RUN]
    seen = watch([sys.executable, str(ROAD), *options, *(text for one in settings for text in ("--set", one))])
    (folder / "log.txt").write_text(seen.output)
    if seen.code:
        _say(f"{size:,} signals: exit code {seen.code}\n{seen.output[-4_000:]}", sys.stderr)
        return None
    run = folder / "runs" / RUN
    record = json.loads((run / "run.json").read_text())
    if not keep:
        for path in (folder / "signals", folder / "images", folder / "runs" / "cache", folder / "runs" / "manifest"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (run / "tables").iterdir():  # the small files that say how large each table is stay
            if path.is_dir():
                shutil.rmtree(path)
    return {
        "signals": size,
        "seconds": round(seen.seconds, 1),
        "peak_mb": seen.peak_mb,
        "making_seconds": round(made.seconds, 1),
        "settings": list(settings),
        "versions": record["versions"],
        "stages": record["stages"],
        "tables": table_sizes(run),
    }


def table_sizes(run: Path) -> dict[str, dict[str, int]]:
    """Rows and bytes of each table of a run, its parts together."""
    sizes: dict[str, dict[str, int]] = {}
    for path in sorted((run / "tables").glob("*.json")):
        pointer = json.loads(path.read_text())
        known = sizes.setdefault(pointer["table"], {"rows": 0, "bytes": 0})
        known["rows"] += pointer["rows"]
        known["bytes"] += sum(pointer["files"].values())
    return sizes


def _count(text: str) -> int:
    value = int(float(text.replace(",", "").replace("_", "")))
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _say(text: str, stream: Any = sys.stdout) -> None:
    stream.write(f"{text}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
