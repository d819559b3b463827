"""An image, and a text: what is said, what normalization made of it, which labels it got and did not get."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_run import phrase_id, record, shop, write_run

from pipeline.review.explain.image import find_image
from pipeline.review.explain.image_texts import without_segments
from pipeline.review.explain.recount import recount
from pipeline.review.explain.sheets_of_images import image_blocks
from pipeline.review.explain.text import COVERED, DENIED, FOREIGN, MATCHED, NESTED, find_text
from pipeline.review.sheet import Grid
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.config import AssignConfig
from pipeline.runtime.errors import RunError

Make = Callable[..., StoredRun]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def run(**changed: Any) -> StoredRun:
        config = changed.pop("config", {})
        tables = {name: rows for name, rows in shop(**changed).items() if rows is not None}
        root = tmp_path / str(len([*tmp_path.iterdir()]))
        write_run(root, "a", tables, config={**record("a")["config"], **config})
        return StoredRun(str(root), "a")

    return run


def test_raw_texts_stand_beside_what_became_of_them(make: Make) -> None:
    found = find_image(make(), "i1")
    texts = {(item.signal, item.raw): item for item in found.texts}
    assert texts["title", "Red Sofa"].text == "red sofa"
    assert texts["title", "Red Sofa"].count == 2
    assert texts["title", "Red Sofa"].phrases == ("sofa",)
    assert texts["tag", "IMG_1234"].text == ""
    assert texts["tag", "IMG_1234"].reason == "nothing but a file name"
    assert texts["tag", "IMG_1234"].phrases == ()


def test_what_is_said_of_a_repost_counts_for_its_original_and_either_may_be_asked_for(make: Make) -> None:
    run = make()
    found, asked = find_image(run, "i1"), find_image(run, "i3")
    assert found.duplicates == ("i3",)
    assert ("board", "Sofas") in {(item.signal, item.raw) for item in found.texts}
    assert (asked.image_id, asked.asked, asked.uri) == ("i1", "i3", "file:///pictures/i1.png")
    assert asked.labels == found.labels


def test_labels_have_their_confidence_and_evidence(make: Make) -> None:
    (given,) = find_image(make(), "i1").labels
    assert (given.label.name, given.confidence, given.reason) == ("sofa", 0.8569, "")
    assert [(item.signal, item.phrase, item.count, item.voices) for item in given.evidence] == [
        ("title", "sofa", 2, 2),
        ("board", "sofas", 1, 1),
    ]


def test_a_label_below_the_floor_is_told_with_the_confidence_that_it_would_have(make: Make) -> None:
    (dropped,) = find_image(make(), "i2").dropped
    assert (dropped.label.name, dropped.reason) == ("sofa", "low_confidence")
    assert dropped.confidence == pytest.approx(0.15)
    assert dropped.meaning == "below assign.min_confidence = 0.3"


def test_a_label_that_is_sure_enough_and_has_no_place_is_told(make: Make) -> None:
    assigned = [row for row in shop()["assignments"] if row["image_id"] != "i1"]
    (dropped,) = find_image(make(assignments=assigned, config={"assign": {"max_labels": 1}}), "i1").dropped
    assert dropped.reason == "beyond_max_labels"


def test_a_taught_label_that_is_not_on_the_image_is_unlearnt(make: Make) -> None:
    learnt = [{"label_id": 0, "threshold": 0.9, "said_by": [0]}]
    (dropped,) = find_image(make(learnt=learnt), "i2").dropped
    assert dropped.reason == "unlearnt"


def test_a_label_that_is_held_out_is_on_no_line_of_the_manifest(make: Make) -> None:
    (dropped,) = find_image(make(manifest=[]), "i1").dropped
    assert (dropped.reason, dropped.confidence) == ("held_out", 0.8569)


def test_split_draw_and_capped_set(make: Make) -> None:
    run = make()
    chosen, left = find_image(run, "i1"), find_image(run, "i2")
    assert (chosen.in_capped_set, left.in_capped_set) == (True, False)
    assert chosen.line is not None
    assert chosen.line["split"] == "train"


def test_an_image_without_a_label_says_why(make: Make) -> None:
    found = find_image(make(), "i4")
    assert found.line is None
    assert found.in_capped_set is None
    assert found.reason == "no text says a phrase of a label"


def test_an_image_that_is_not_there_is_told_with_the_nearest(make: Make) -> None:
    with pytest.raises(RunError, match=r"has no image 'i11'\. The nearest: i1"):
        find_image(make(), "i11")


def test_a_run_that_has_read_its_sources_and_no_more_shows_the_texts(make: Make) -> None:
    later = [name for name in shop() if name not in ("images", "signals")]
    found = find_image(make(**dict.fromkeys(later)), "i1")
    assert [item.raw for item in found.texts] == ["Red Sofa", "Sofas", "IMG_1234"]
    assert found.reason == "the run has assigned no labels yet"


def test_the_language_that_the_run_decided_on_is_shown_and_not_that_of_the_cleaner(make: Make) -> None:
    texts = [{**row, "language": "de", "flags": ["language_voted"]} for row in shop()["texts"]]
    (first, *_) = find_image(make(texts=texts), "i1").texts
    assert (first.language, first.flags) == ("de", ("language_voted",))


def test_what_each_text_met_is_said_once_and_not_in_each_row(make: Make) -> None:
    found = find_image(make(), "i1")
    for flags, shown in ((("language_detected",), "met in each: language_detected"), ((), "")):
        texts = tuple(dataclasses.replace(item, flags=flags) for item in found.texts)
        (table, *_) = [
            block for block in image_blocks(dataclasses.replace(found, texts=texts)) if isinstance(block, Grid)
        ]
        assert "met" not in table.columns
        assert shown in table.note.splitlines() or table.note == shown
    one, *others = found.texts
    texts = (dataclasses.replace(one, flags=("hashtag_split",)), *others)
    (table, *_) = [block for block in image_blocks(dataclasses.replace(found, texts=texts)) if isinstance(block, Grid)]
    assert "met" in table.columns


def test_what_waits_for_a_later_run_is_counted(make: Make) -> None:
    row = {"signal": "title", "text": "new", "count": 1, "source": "today"}
    waiting = [{**row, "image_id": image} for image in ("i1", "i3", "i2")]
    found = find_image(make(waiting=waiting), "i1")  # which i3 reposts
    assert found.waiting == 2
    (table, *_) = [block for block in image_blocks(found) if isinstance(block, Grid)]
    assert "2 new ones wait until more is new of it" in table.note
    assert find_image(make(), "i1").waiting == 0


def test_boilerplate_is_cut_as_the_run_has_cut_it() -> None:
    assert without_segments("red sofa | follow us now", ["follow us now"]) == "red sofa"
    assert without_segments("red sofa | follow us", ["follow us"]) == "red sofa | follow us"  # short ones are flagged
    assert without_segments("follow us now", ["follow us now"]) == ""


def said(label_id: int, signal: str, voices: int = 1, coverage: float = 1.0) -> dict[str, Any]:
    return {"label_id": label_id, "signal": signal, "voices": voices, "coverage": coverage, "phrase_id": 1}


FACTS = {0: (0.5, [0.2, 0.9]), 1: (1.0, [0.2, 0.9])}


def test_confidence_is_a_product_of_doubts_of_signals() -> None:
    rows = [said(0, "title", 2), said(0, "board"), said(1, "title")]
    found = recount(rows, ["board", "title"], FACTS, AssignConfig(), {})
    assert found is not None
    assert found[0] == pytest.approx(1 - (1 - 0.9 * 0.75) ** math.log2(3) * (1 - 0.2 * 0.75), abs=1e-4)
    assert found[1] == pytest.approx(0.9)


def test_terms_that_are_off_count_as_one() -> None:
    config = AssignConfig(terms=("coverage", "completeness"), prior_reliability=0.8)
    found = recount([said(0, "title", 5, 0.5)], ["title"], FACTS, config, {1: 0.0})
    assert found == {0: pytest.approx(0.8 * 0.75 * 0.5)}


def test_a_term_that_needs_vectors_is_not_guessed() -> None:
    assert recount([said(0, "title")], ["title"], FACTS, AssignConfig(terms=("agreement",)), {}) is None


def test_evidence_of_a_label_or_signal_that_nothing_is_known_of_is_left_out() -> None:
    assert recount([said(7, "title"), said(0, "comment")], ["title"], FACTS, AssignConfig(), {}) == {}


def states(make: Make, raw: str, **changed: Any) -> dict[str, str]:
    return {item.phrase: item.state for item in find_text(make(**changed), raw, "en").phrases if item.language == "en"}


def test_a_text_is_cleaned_matched_and_speaks_for_labels(make: Make) -> None:
    found = find_text(make(), "My NEW Sofas & a kitchen table!", "en")
    assert found.tokens == ("my", "new", "sofas", "&", "a", "kitchen", "table")
    assert {label.name for label in found.labels} == {"sofa", "table"}
    assert "new" in found.unknown
    (table,) = [item for item in found.phrases if item.phrase == "kitchen table"]
    assert (table.state, table.label.name if table.label else None) == (MATCHED, "table")


def test_the_longest_match_covers_what_is_inside_it(make: Make) -> None:
    assert states(make, "kitchen table") == {"kitchen table": MATCHED, "table": COVERED}


def test_what_is_inside_counts_where_its_label_is_above(make: Make) -> None:
    members = [*shop()["members"], {"phrase_id": phrase_id("blue sofa"), "label_id": 1, "phrase": "blue sofa"}]
    forest = {0: (None, None), 1: (0, "head")}
    vocabulary = [
        {**row, "parent": forest.get(row["label_id"], (None, None))[0]}
        | {"parent_how": forest.get(row["label_id"], (None, None))[1]}
        for row in shop()["vocabulary"]
    ]
    assert states(make, "blue sofa", members=members, vocabulary=vocabulary) == {"blue sofa": MATCHED, "sofa": NESTED}
    config = {"match": {"nested_by": []}}
    assert states(make, "blue sofa", members=members, vocabulary=vocabulary, config=config)["sofa"] == COVERED


def test_what_is_denied_is_told(make: Make) -> None:
    assert states(make, "without sofas")["sofas"] == DENIED


def test_a_phrase_without_a_label_and_one_of_another_language_are_told(make: Make) -> None:
    found = find_text(make(), "couch sofa", "de")
    got = {(item.phrase, item.language): item.state for item in found.phrases}
    assert got["sofa", "de"] == MATCHED
    assert got["sofa", "en"] == FOREIGN
    (couch,) = find_text(make(), "couch", "en").phrases
    assert couch.state == "few_images"
    assert "cluster.min_images = 4" in couch.meaning


def test_a_text_of_no_use_says_why(make: Make) -> None:
    found = find_text(make(), "IMG_1234")
    assert (found.text, found.reason, found.phrases) == ("", "nothing but a file name", ())
    assert find_text(make(), "").reason == "no word is left of it"


def test_boilerplate_of_the_run_is_cut_from_a_text(make: Make) -> None:
    found = find_text(make(), "sofas, follow us now", "en")
    assert found.cut == ("follow us now",)
    assert found.text == "sofas"
    assert NESTED not in {item.state for item in found.phrases}


def test_a_run_without_labels_shows_what_normalization_makes_of_a_text(make: Make) -> None:
    found = find_text(make(members=None, vocabulary=None, labels=None), "kitchen table", "en")
    assert found.labels == ()
    assert [item.phrase for item in found.phrases] == ["kitchen table", "table"]
