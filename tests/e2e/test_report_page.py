"""The page in a browser, from a file: found, sorted, opened, walked by keys; nothing runs and nothing is loaded."""

import base64
import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from report_pages import HOSTILE, KEY, example, listed, many_labels, report

from pipeline.review.page import visible
from pipeline.review.report.page import render_report

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")

NAMES = ["Cat", "Sea lion", "Fern", "Moos", "Zebra", "猫", "catalogue", "Cable car", "Ant"]
SVG = "data:image/svg+xml;base64," + base64.b64encode(
    b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40" fill="teal"/></svg>'
).decode("ascii")


@pytest.fixture(scope="module")
def chromium() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclasses.dataclass
class Watched:
    """A page, and all that it complains of, asks for or runs."""

    page: "sync_api.Page"
    errors: list[str]
    requests: list[str]

    def ready(self) -> "sync_api.Page":
        self.page.wait_for_selector("body[data-ready=yes]")
        return self.page

    def check(self) -> None:
        assert self.errors == []
        assert [url for url in self.requests if not url.startswith(("data:", "blob:"))] == self.requests[:1]


@pytest.fixture
def watch(chromium: "sync_api.Browser", tmp_path: Path) -> Iterator["Watch"]:
    opened: list[sync_api.BrowserContext] = []

    def show(html: str, address: str = "", **options: object) -> Watched:
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        )
        opened.append(context)
        page = context.new_page()
        watched = Watched(page, [], [])
        page.on("console", lambda said: watched.errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("dialog", lambda dialog: (watched.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: watched.requests.append(request.url))
        file = tmp_path / "report.html"
        file.write_text(html, encoding="utf-8")
        page.goto(file.as_uri() + address)
        return watched

    yield show
    for context in opened:
        context.close()


class Watch(Protocol):
    """What the fixture gives."""

    def __call__(self, html: str, address: str = "", **options: object) -> Watched: ...


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(report(names=NAMES, picture=SVG, uri="https://pictures.example/1.jpg"))


def names(page: "sync_api.Page") -> list[str]:
    """Names in the list, from top to bottom."""
    rows = page.locator("#list [role=option]").all()
    placed = sorted((int(row.get_attribute("data-place")), row.locator(".name").inner_text()) for row in rows)
    return [name for _, name in placed]


def test_the_page_needs_nothing_but_itself_and_complains_of_nothing(watch: Watch, html: str) -> None:
    watched = watch(html)
    page = watched.ready()
    assert names(page) == NAMES  # most images first
    sync_api.expect(page.locator("#detail h3")).to_have_text("Cat")
    page.mouse.wheel(0, 20_000)
    page.wait_for_timeout(200)
    watched.check()


def test_typing_searches_names_and_phrases_the_exact_name_first(watch: Watch, html: str) -> None:
    watched = watch(html)
    page = watched.ready()
    page.fill("#search", "cat")
    assert names(page) == ["Cat", "catalogue"]
    page.fill("#search", "plant ZEBRA")
    assert names(page) == ["Zebra"]  # by its phrase "Zebra plant"
    page.fill("#search", "猫")
    assert names(page) == ["猫"]
    page.fill("#search", "nothing like it")
    assert names(page) == []
    assert page.locator("#found").inner_text() == "0 of 9 labels"
    watched.check()


def test_filters_and_orders_change_the_list(watch: Watch, html: str) -> None:
    watched = watch(html)
    page = watched.ready()
    page.select_option("#sort", "name")
    assert names(page)[:4] == ["Ant", "Cable car", "Cat", "catalogue"]
    page.select_option("#sort", "fewest")
    assert names(page) == NAMES[::-1]
    page.select_option("#sort", "unsure")
    assert names(page) == NAMES  # generated with rising confidence
    page.select_option("#sort", "sure")
    assert names(page)[0] == "Ant"
    page.select_option("#sort", "images")
    page.select_option("#by-band", label="tail")
    assert names(page) == NAMES[6:]
    page.select_option("#by-band", label="All bands")
    page.select_option("#by-language", label="de (3)")
    assert names(page) == NAMES[1::3]
    watched.check()


def test_keys_alone_search_walk_and_open(watch: Watch, html: str) -> None:
    watched = watch(html)
    page = watched.ready()
    page.keyboard.press("/")
    page.keyboard.type("a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    active = page.locator("#list").get_attribute("aria-activedescendant")
    assert active == "row-1"
    opened = page.locator(f"#{active} .name").inner_text()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#detail h3")).to_have_text(opened)
    sync_api.expect(page.locator('#list [aria-selected="true"] .name')).to_have_text(opened)
    assert "#label=" in page.evaluate("location.hash")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#detail h3")).to_have_text(names(page)[-1])
    page.go_back()
    sync_api.expect(page.locator("#detail h3")).to_have_text(opened)
    watched.check()


def test_a_label_shows_phrases_family_companions_numbers_and_pictures(watch: Watch, html: str) -> None:
    watched = watch(html, f"#label={KEY}")
    page = watched.ready()
    detail = page.locator("#detail")
    sync_api.expect(detail.locator("h3")).to_have_text("Cat")
    assert detail.locator(".members li").all_inner_texts()[1].replace("\n", " ") == "Cat plant 3 · similar 0.83"
    assert "and 38 more" in detail.inner_text()
    assert detail.locator(".examples mark").inner_text() == "fern"
    assert detail.locator(".examples img").evaluate("image => image.naturalWidth") == 60
    assert detail.locator(".examples a").get_attribute("href") == "https://pictures.example/1.jpg"
    assert "where sample_u < keep_prob" in detail.inner_text()
    detail.locator(".chip", has_text="Sea lion").first.click()  # seen with
    sync_api.expect(detail.locator("h3")).to_have_text("Sea lion")
    detail.locator("header .chip").click()  # the broader one
    sync_api.expect(detail.locator("h3")).to_have_text("Cat")
    watched.check()


def test_a_link_of_the_page_leads_to_the_label_also_where_it_is_open(watch: Watch, html: str) -> None:
    watched = watch(html)
    page = watched.ready()
    for _ in range(2):
        page.locator("#doubts td a").first.click()
        sync_api.expect(page.locator("#detail h3")).to_have_text("Cat")
        assert page.evaluate("document.activeElement.id") == "detail"
        assert page.locator("#detail").bounding_box()["y"] < 900
    watched.check()


def test_a_link_to_an_unknown_label_says_so(watch: Watch, html: str) -> None:
    for address in ("#label=0000", "#label=%E0%A4%A", "#label=__proto__"):
        page = watch(html, address).ready()
        assert "not in the list" in page.locator("#found").inner_text()


def test_the_map_tells_names_and_opens_labels(watch: Watch, html: str) -> None:
    watched = watch(html)
    page = watched.ready()
    canvas = page.locator("#vocabulary canvas")
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#vocabulary .tip").inner_text().startswith("Cat · ")
    page.keyboard.press("ArrowRight")
    told = page.locator("#vocabulary .tip").inner_text()
    assert not told.startswith("Cat · ")
    page.keyboard.press("+")
    page.keyboard.press("0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.startsWith('#label=')")
    opened = page.locator('#list [aria-selected="true"] .name').inner_text()
    sync_api.expect(page.locator("#detail h3")).to_have_text(opened)
    watched.check()


def test_a_pointer_on_the_map_finds_the_label_under_it(watch: Watch) -> None:
    watched = watch(render_report(report(names=["Alone"])))
    page = watched.ready()
    canvas = page.locator("#vocabulary canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    corner = (box["x"] + 24, box["y"] + 24)  # the place 0, 0, inside the margin
    page.mouse.move(corner[0] + 3, corner[1] + 3)
    assert page.locator("#vocabulary .tip").inner_text().startswith("Alone")
    page.mouse.click(*corner)
    page.wait_for_function(f"location.hash === '#label={KEY}'")
    watched.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_have_their_own_paper(watch: Watch, html: str, scheme: str) -> None:
    watched = watch(html, color_scheme=scheme)
    page = watched.ready()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(paper.removeprefix("rgb(").split(",")[0])
    assert (red > 200) == (scheme == "light")
    ink = page.evaluate("getComputedStyle(document.querySelector('#detail h3')).color")
    assert (int(ink.removeprefix("rgb(").split(",")[0]) < 100) == (scheme == "light")
    watched.check()


def test_a_phone_scrolls_down_only_and_gets_to_the_opened_label(watch: Watch, html: str) -> None:
    watched = watch(html, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = watched.ready()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#list [data-place='2']").tap()
    page.wait_for_timeout(600)  # a smooth way down
    top = page.locator("#detail").bounding_box()["y"]
    sync_api.expect(page.locator("#detail h3")).to_have_text("Fern")
    assert -50 < top < 400
    page.locator("#back").tap()
    page.wait_for_timeout(600)
    assert page.locator("#list").bounding_box()["y"] >= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.check()


def test_the_scores_of_an_evaluation_fit_a_phone(watch: Watch, html: str) -> None:
    watched = watch(html, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = watched.ready()
    table = page.locator("#evaluation .groups").first
    assert table.locator("tbody").count() == 4
    for box in (cell.bounding_box() for cell in table.locator("tbody tr:not(:first-child) > :last-child").all()):
        assert box["x"] + box["width"] <= 390
    page.locator("#evaluation summary", has_text="nearest to its name").tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.check()


def test_without_scripts_all_but_list_and_map_is_there(watch: Watch, html: str) -> None:
    watched = watch(html, java_script_enabled=False)
    text = watched.page.inner_text("body")
    assert "need the page's own script" in text
    assert "Image labels with the least confidence" in text
    assert not watched.page.locator("#browser").is_visible()


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 10_000, "wide " * 2_000])
def test_a_hostile_text_is_shown_and_never_runs(watch: Watch, text: str) -> None:
    shown = visible(text.encode("utf-8", "replace").decode())  # no table holds half a character
    data = report(shown if "\ud800" in text else text, names=[text, "fern"], uri="javascript:alert(1)")
    watched = watch(render_report(data), f"#label={KEY}")
    page = watched.ready()
    page.wait_for_timeout(100)
    squeezed = " ".join(shown.split())
    assert " ".join(page.locator("#detail h3 bdi").text_content().split()) == squeezed
    assert squeezed in " ".join(page.locator("#detail .members").text_content().split())
    assert " ".join(page.locator("#list .name").first.text_content().split()) == squeezed
    assert page.locator("#detail .examples a").count() == 0
    page.fill("#search", shown[:60])
    assert page.locator("#list .name").count() >= 1
    assert (
        page.evaluate(
            "document.querySelectorAll('#browser script, #browser style, #browser iframe, #map script').length"
        )
        == 0
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    watched.check()


def test_a_label_of_ten_thousand_characters_fits_a_phone(watch: Watch) -> None:
    watched = watch(render_report(report("y" * 10_000, names=["y" * 10_000])), viewport={"width": 390, "height": 844})
    page = watched.ready()
    page.locator("#list [role=option]").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.check()


def test_of_ten_thousand_labels_only_those_in_sight_exist(watch: Watch) -> None:
    watched = watch(render_report(many_labels(10_000)))
    page = watched.ready()
    assert page.locator("#list [role=option]").count() < 60
    page.locator("#list").focus()
    page.keyboard.press("End")
    assert page.locator("#list [data-place='9999']").is_visible()
    assert page.locator("#list [role=option]").count() < 60
    watched.check()


def test_pictures_that_only_the_browser_has_are_shown(watch: Watch) -> None:
    data = report(names=["a", "b"])
    data = dataclasses.replace(data, listed=listed(["a", "b"], {1: (example("b", picture=SVG),)}))
    watched = watch(render_report(data), f"#label={1:016x}")
    page = watched.ready()
    assert (
        page.locator("#detail .examples img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 60
    )
    watched.check()
