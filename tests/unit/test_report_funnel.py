"""The Sankey diagram says what run.json says, one unit at a time, whatever the record holds."""

import re
import warnings
from typing import Any

import pytest
from report_pages import HOSTILE

from pipeline.review.report.funnel_chart import Step, find_steps, funnel_chart


def stage(name: str, unit: str, rows_in: int, rejects: dict[str, int]) -> dict[str, Any]:
    lost = sum(count for reason, count in rejects.items() if reason.startswith(f"{unit}/"))
    return {"stage": name, "unit": unit, "rows_in": rows_in, "rows_out": rows_in - lost, "rejects": rejects}


ROAD = [
    stage("ingest", "row", 1000, {"row/null_text": 10}),
    stage("normalize", "row", 990, {"row/url": 40, "row/number": 50, "row/empty": 0}),
    stage("mine_candidates", "phrase", 300, {"phrase/rare": 100, "occurrence/rare": 9_999}),
    stage("embed", "phrase", 200, {}),
    stage("assign", "image", 80, {"image/none": 8, "pair/low_confidence": 70}),
    stage("publish", "image", 72, {}),
    stage("report", "image", 72, {}),
]


def test_steps_have_their_own_unit_s_drops_most_first_and_idle_stages_are_left_out() -> None:
    assert find_steps(ROAD) == [
        Step("ingest", "row", 1000, 990, (("null_text", 10),)),
        Step("normalize", "row", 990, 900, (("number", 50), ("url", 40))),
        Step("mine_candidates", "phrase", 300, 200, (("rare", 100),)),
        Step("assign", "image", 80, 72, (("none", 8),)),
    ]


def test_many_reasons_become_one_but_a_single_further_one_is_named() -> None:
    reasons = {f"row/r{i}": 10 - i for i in range(8)}
    [step] = find_steps([stage("ingest", "row", 100, reasons)])
    assert step.drops[-1] == ("3 other reasons", 5 + 4 + 3)
    assert sum(count for _, count in step.drops) == step.rows_in - step.rows_out
    six = {f"row/r{i}": 10 - i for i in range(6)}
    [step] = find_steps([stage("ingest", "row", 100, six)])
    assert [reason for reason, _ in step.drops] == [f"r{i}" for i in range(6)]


def test_the_unit_is_said_at_each_change_and_every_count_stands_in_the_chart() -> None:
    chart = funnel_chart("funnel", ROAD)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", chart)
    for words in ("1,000 rows", "900 usable facts", "300 phrases", "80 images", "72 labelled images", "100 rare"):
        assert words in texts, texts
    assert "9,999" not in chart


def test_the_chart_takes_the_page_s_colours_and_is_told_in_words() -> None:
    chart = funnel_chart("funnel", ROAD)
    assert chart.startswith("<svg")
    assert "var(--after)" in chart
    assert 'role="img"' in chart
    assert "ingest: 1,000 rows in, 990 go on" in chart
    assert not re.search(r'<svg[^>]* (width|height)="', chart)
    assert funnel_chart("funnel", ROAD) == chart


def test_nothing_counted_is_no_chart() -> None:
    assert funnel_chart("funnel", []) == ""
    assert funnel_chart("funnel", [stage("ingest", "row", 0, {})]) == ""


def test_a_stage_that_loses_all_is_drawn() -> None:
    assert "100 all" in funnel_chart("funnel", [stage("ingest", "row", 100, {"row/all": 100})])


@pytest.mark.parametrize("text", [*HOSTILE, "$x^2$ \\frac{", "y" * 10_000])
def test_a_hostile_reason_is_text_and_short(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chart = funnel_chart("funnel", [stage("ingest", "row", 100, {f"row/{text}": 40})])
    assert "<script" not in chart
    assert "onload" not in re.sub(r">[^<]*<", "><", chart)
    assert len(chart) < 40_000


def test_millions_are_short_enough_to_stand_beside_the_flow() -> None:
    chart = funnel_chart("funnel", [stage("ingest", "row", 123_456_789, {"row/url": 2_000_000})])
    assert "123.5 M rows" in chart
    assert "2.0 M url" in chart
