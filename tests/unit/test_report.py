"""The page of a run: nothing a source says can run, load or disguise itself."""

import base64
import dataclasses
import functools
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from evaluations import evaluation
from hypothesis import given
from hypothesis import strategies as st
from report_pages import HOSTILE, KEY, label, report

from pipeline.review.charts import AFTER, Series, rank_chart, rank_curve
from pipeline.review.page import read_scripts, script_hash, visible
from pipeline.review.report.page import SCRIPTS, label_link, render_report, share, split_at
from pipeline.review.stored_evaluation import Kept

VOID = {"meta", "link", "img", "br", "input"}


class Page(HTMLParser):
    """Tags with their attributes, the text outside of styles, and whether each element is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data


@functools.cache
def tame_page() -> Page:
    return Page(render_report(report(tail=(label(),))))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_changes_no_tag_and_no_attribute_of_the_page(text: str) -> None:
    html = render_report(report(text, tail=(label(text),)))
    tame, hostile = tame_page(), Page(html)
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in tame.tags]
    assert [sorted(attrs) for _, attrs in hostile.tags] == [sorted(attrs) for _, attrs in tame.tags]
    assert visible(text) in hostile.text
    assert not hostile.open
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b\ud800-\udfff]", html)


def test_a_bidi_override_is_written_out() -> None:
    assert "photo&lt;U+202E&gt;gpj.exe" in render_report(report("photo\u202egpj.exe"))


def test_joiners_that_scripts_and_emoji_need_stay() -> None:
    for text in ("क्\u200dष", "می\u200cخواهم", "👩\u200d🌾", "ไม้"):
        assert visible(text) == text


def test_a_text_of_ten_thousand_characters_is_folded_and_whole() -> None:
    page = Page(render_report(report("y" * 10_000)))
    assert "y" * 10_000 in page.text
    assert any(tag == "details" and attrs.get("class") == "long" for tag, attrs in page.tags)


def test_the_page_refers_to_nothing_outside_but_by_links_that_do_not_tell_where_from() -> None:
    page = Page(render_report(report(uri="https://pictures.example/1.jpg?a=1&b=2")))
    links = [attrs for tag, attrs in page.tags if tag == "a" and not attrs["href"].startswith("#")]
    assert {link["href"] for link in links} == {"https://pictures.example/1.jpg?a=1&b=2"}
    assert all("noreferrer" in link["rel"].split() for link in links)
    for tag, attrs in page.tags:
        for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            assert tag == "a" or attrs.get(name, "#").startswith(("#", "data:"))
    assert not re.search(r"url\((?!#)", " ".join(str(attrs) for _, attrs in page.tags))


def test_only_the_page_s_own_script_may_run_and_nothing_may_load() -> None:
    html = render_report(report())
    page = Page(html)
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    [script] = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["script-src"] == script_hash(script)
    assert "connect-src" not in rules
    assert [attrs.get("type") for tag, attrs in page.tags if tag == "script"] == ["application/gzip+base64", None]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_the_script_never_makes_markup_or_code_of_a_text() -> None:
    script = read_scripts(*SCRIPTS)
    for means in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch("):
        assert means not in script
    assert "</script" not in script
    assert "<!--" not in script


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "data:text/html,x", "ftp://host/x.png", "/home/x.png", "http://["]
)
def test_only_web_addresses_become_links(uri: str) -> None:
    page = Page(render_report(report(uri=uri)))
    assert all(attrs["href"].startswith("#") for tag, attrs in page.tags if tag == "a")


def test_ids_are_unique_and_every_anchor_has_its_target() -> None:
    page = Page(render_report(report()))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {attrs[name] for _, attrs in page.tags for name in ("href", "xlink:href") if name in attrs}
    targets = {link[1:] for link in links if link.startswith("#") and not link.startswith("#label=")}
    assert targets <= set(ids)
    assert label_link(KEY) in links


def test_an_svg_picture_is_an_image_and_never_markup() -> None:
    picture = "data:image/svg+xml;base64," + base64.b64encode(b"<svg onload='alert(1)'/>").decode()
    page = Page(render_report(report(picture=picture)))
    shown = [attrs for tag, attrs in page.tags if tag == "img"]
    assert [attrs["src"] for attrs in shown] == [picture, picture]  # of the doubtful pair and of the card
    assert {attrs["data-picture"] for attrs in shown} == {"0"}


def test_without_pictures_tail_labels_cap_and_drops_the_page_is_whole() -> None:
    data = dataclasses.replace(report(cap=None), labels={}, phrases={}, drops={}, ways={}, largest=(), far=(), odd=())
    record = {**data.record, "stages": [{**stage, "rows_in": 0} for stage in data.record["stages"]]}
    data = dataclasses.replace(data, record=record, doubts=(), audit=(), taught=(), evaluation=None)
    page = Page(render_report(data))
    assert "No tail label" in page.text
    assert "No phrase joined a label by meaning alone." in page.text
    assert "Cross-validated" not in page.text
    assert "svg" not in {tag for tag, _ in page.tags}
    assert not page.open


def evaluated(**changed: object) -> tuple[str, str]:
    """The section of the evaluation: its markup, and its text on one line."""
    html = render_report(dataclasses.replace(report(), **changed))
    section = html.split('<section id="evaluation">')[1].split("</section>")[0]
    return section, " ".join(Page(re.sub("(</t[hd]>)", r" \1", section)).text.split())


def test_every_way_has_its_scores_by_band_the_run_first() -> None:
    _, text = evaluated()
    for band in ("all classes", "head", "torso", "tail"):
        assert f"{band} 3 classes, 1,200 pairs to find this run 1,100 550 0.500 0.500 0.500 exact 1,100 550" in text
    assert "exact: the names of the classes as they are" in text
    assert "1 more is not in the run" in text
    assert "this run 1,800 90 % 4,321 7 6 2 0.400" in text
    assert "this run 2 1 77 fern" in text


def test_confidence_against_precision_is_drawn_in_the_page_s_colours() -> None:
    section, text = evaluated()
    assert "this run 100 – 0.140 0.020" in text
    [chart] = re.findall(r"<svg.*?</svg>", section, re.DOTALL)
    assert "calibrated, other half" in chart
    assert "var(--before)" in chart
    assert not re.search(r"#(?:0\d0\d0\d|1d1f23|ffffff|000000)", chart)


def test_a_run_whose_pairs_have_no_confidence_has_no_chart() -> None:
    told = evaluation()
    ways = {name: dataclasses.replace(way, confidence=None) for name, way in told.ways.items()}
    section, text = evaluated(evaluation=Kept(dataclasses.replace(told, ways=ways), ()))
    assert "<svg" not in section
    assert "Is the confidence true" not in text


def test_classes_mapped_to_the_nearest_label_are_left_out_where_there_are_no_vectors() -> None:
    _, text = evaluated()
    assert "mapped to the label nearest to its name" in text
    told = evaluation()
    ways = {name: dataclasses.replace(way, embedding=None) for name, way in told.ways.items()}
    _, text = evaluated(evaluation=Kept(dataclasses.replace(told, ways=ways), ()))
    assert "nearest" not in text


def test_without_an_evaluation_one_line_says_how_to_make_one() -> None:
    _, text = evaluated(evaluation=None)
    assert "Not judged by trusted labels. jobs/evaluate.py --run RUN_ROOT/fern --truth FILE does it" in text


def test_an_evaluation_of_tables_that_were_remade_is_said_and_not_shown() -> None:
    section, text = evaluated(evaluation=Kept(evaluation(), ("learnt", "assignments")))
    said = "the evaluation of 2025-01-02 is of other tables than the run has now: learnt, assignments."
    assert f"The labels as they are now were not judged: {said} jobs/evaluate.py" in text
    assert "1,100" not in text
    assert "<svg" not in section


def test_a_run_that_grew_says_that_it_cannot_be_judged() -> None:
    record = report().record
    config = {**record["config"], "growth": {"base": "earlier"}}
    _, text = evaluated(evaluation=None, record={**record, "config": config})
    assert "needs a run on all sources" in text
    assert "jobs/evaluate.py" not in text


def test_equal_data_give_equal_pages() -> None:
    assert render_report(report()) == render_report(report())


def test_secrets_of_sources_are_not_shown() -> None:
    page = render_report(report("fern"))
    assert "hunter2" not in page
    assert "password = ***" in page


def test_many_cards_are_folded_and_whole() -> None:
    tail = tuple(label(f"fern {i}") for i in range(9))
    page = Page(render_report(report(tail=tail)))
    assert "3 more" in page.text
    assert all(f"fern {i}" in page.text for i in range(9))


def test_drops_are_counted_and_shown() -> None:
    page = Page(render_report(report("too long")))
    assert "45 rows" in page.text
    assert "12,345" in page.text


def test_a_phrase_is_marked_where_it_stands_as_whole_words() -> None:
    assert split_at("cats and a cat", "cat") == ("cats and a ", "cat", "")
    assert split_at("cat", "cat") == ("", "cat", "")
    assert split_at("cats", "cat") == ("cats", "", "")


@pytest.mark.parametrize(
    ("part", "text"),
    [(0, "0 %"), (1, "< 0.1 %"), (500, "5.0 %"), (5_000, "50 %"), (9_999, "> 99 %"), (10_000, "100 %")],
)
def test_only_nothing_is_zero_and_only_all_is_a_hundred_per_cent(part: int, text: str) -> None:
    assert share(part, 10_000) == text


@given(st.lists(st.integers(min_value=0, max_value=50), min_size=1, max_size=60))
def test_the_rank_curve_is_that_of_the_sorted_list(counts: list[int]) -> None:
    sizes = {int(size): int(n) for size, n in zip(*np.unique(counts, return_counts=True), strict=True)}
    ranks, images = rank_curve(sizes)
    ranked = sorted((count for count in counts if count), reverse=True)
    assert [ranked[rank - 1] for rank in ranks] == images.tolist()
    assert ranks.max(initial=0) == len(ranked)


def test_a_curve_of_a_million_sizes_stays_small_and_keeps_both_ends() -> None:
    ranks, images = rank_curve({size: 1 for size in range(1, 1_000_001)}, points=300)
    assert len(ranks) <= 600
    assert (ranks[0], images[0], ranks[-1], images[-1]) == (1, 1_000_000, 1_000_000, 1)


def test_a_chart_carries_no_metadata_and_no_colour_of_its_own() -> None:
    chart = rank_chart("c", 'a "title"', "label", (Series("labels", {3: 4, 9: 1}, AFTER),), {"t = 5": 5})
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", chart)
    assert "<metadata" not in chart
    assert "#000000" not in chart
    assert "var(--after)" in chart
    assert 'aria-label="a &#34;title&#34;"' in chart
