"""A label, and a phrase: what all tables of a run know of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_run import phrase_id, shop, write_run

from pipeline.review.explain.label import LabelFinding, find_label
from pipeline.review.explain.label_names import find_labels
from pipeline.review.explain.phrase import PhraseFinding, find_phrases
from pipeline.review.explain.sheets import label_blocks
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.errors import RunError

Make = Callable[..., StoredRun]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def run(**changed: Any) -> StoredRun:
        tables = {name: rows for name, rows in shop(**changed).items() if rows is not None}
        root = tmp_path / str(len([*tmp_path.iterdir()]))
        write_run(root, "a", tables)
        return StoredRun(str(root), "a")

    return run


def label(run: StoredRun, asked: str, language: str | None = None) -> LabelFinding:
    (named,) = find_labels(run, asked, language)
    return find_label(run, named)


def phrase(run: StoredRun, asked: str, language: str | None = None) -> PhraseFinding:
    (found,) = find_phrases(run, asked, language)
    return found


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("furniture", "furniture"),
        ("  FURNITURE ", "furniture"),
        ("2", "furniture"),
        ("dddddddddddddddd", "table"),
        ("Tisch", "table"),
        ("kitchen  table", "table"),
        ("sofas", "sofa"),
        ("sofa (de)", "sofa (de)"),
    ],
)
def test_a_label_is_found_by_number_key_name_in_any_language_and_phrase(make: Make, asked: str, name: str) -> None:
    assert [item.name for item in find_labels(make(), asked)] == [name]


def test_one_word_of_two_languages_is_two_labels_until_the_language_is_told(make: Make) -> None:
    run = make()
    assert [item.name for item in find_labels(run, "sofa")] == ["sofa", "sofa (de)"]
    assert [item.name for item in find_labels(run, "sofa", "de")] == ["sofa (de)"]


def test_a_name_that_is_a_number_is_shown_beside_the_label_of_that_number(make: Make) -> None:
    labels = [{**row, "name": "3"} if row["label_id"] == 2 else row for row in shop()["labels"]]
    assert {item.label_id for item in find_labels(make(labels=labels), "3")} == {2, 3}


def test_a_label_that_is_not_there_is_told_with_the_nearest_names(make: Make) -> None:
    run = make()
    with pytest.raises(RunError, match=r"has no label 'furnitur'\. The nearest: furniture\."):
        find_labels(run, "furnitur")
    with pytest.raises(RunError, match="has no label 'furniture' of language de"):
        find_labels(run, "furniture", "de")
    with pytest.raises(RunError, match=r"It is a phrase of the run; explain\.py phrase 'couch' tells why"):
        find_labels(run, "couch")
    with pytest.raises(RunError, match="has no label '99'"):
        find_labels(run, "99")


def test_members_parents_and_children(make: Make) -> None:
    run = make()
    sofa = label(run, "0")
    assert [(item.phrase, item.how, item.images) for item in sofa.members] == [
        ("sofa", "self", 9),
        ("sofas", "inflection", 5),
    ]
    assert [(item.label.name, item.how) for item in sofa.above] == [("furniture", "hypernym")]
    assert [item.label.name for item in label(run, "furniture").children] == ["sofa", "table"]


def test_parents_in_a_circle_end(make: Make) -> None:
    labels = [dict(row) for row in shop()["labels"]]
    labels[2]["parent"] = 0
    assert [item.label.name for item in label(make(labels=labels), "0").above] == ["furniture"]


def test_images_signals_and_the_capped_set_come_from_the_manifest(make: Make) -> None:
    lines = [
        {"image_id": f"i{i}", "label_ids": labels, "label_confidences": [0.5] * len(labels), "label_sources": bits}
        | {"keep_prob": 0.5, "sample_u": i / 4, "split": "train" if i else "validation"}
        for i, (labels, bits) in enumerate([([0, 3], [0b101, 1]), ([3], [2]), ([0], [0b100]), ([3, 0], [1, 0b001])])
    ]
    on = label(make(manifest=lines), "0").on
    assert on is not None
    assert (on.images, on.capped, on.validation, on.labelled) == (3, 1, 1, 4)
    assert on.signals == (2, 0, 2)
    assert on.confidence == 0.5
    assert on.together == ((3, 2),)
    assert [name for name, _ in on.samples] == ["i0", "i2", "i3"]  # by their draws


def test_labels_on_the_same_images_with_share_and_lift(make: Make) -> None:
    lines = [
        {"image_id": f"i{i}", "label_ids": ids, "label_confidences": [0.5, 0.5], "label_sources": [1, 1]}
        for i, ids in enumerate([[0, 3], [0, 2]])
    ]
    together = label(make(manifest=lines), "0").together
    assert [(item.label.name, item.images, item.share) for item in together] == [
        ("furniture", 1, 0.5),
        ("table", 1, 0.5),
    ]
    assert together[1].lift == 1.0  # table is on one image of two, and on one of the two of sofa


def test_samples_have_the_evidence_that_gave_the_label(make: Make) -> None:
    (sample,) = label(make(), "0").samples
    assert sample.image_id == "i1"
    assert sample.evidence == (("title", "sofa", 2), ("board", "sofas", 1))


def test_phrases_near_it_without_a_label_have_the_reason_and_those_with_one_are_left_out(make: Make) -> None:
    out = {item.phrase: (item.cosine, item.reason) for item in label(make(), "0").left_out}
    assert out == {"couch": (0.8, "few_images"), "blue sofa": (0.6, "few_images"), "of sofa": (None, "stop_word_edge")}


def test_the_reason_names_the_setting(make: Make) -> None:
    assert "cluster.min_images = 4" in label(make(), "0").left_out[0].meaning


def test_trust_is_told_by_the_signals_of_the_run(make: Make) -> None:
    assert label(make(), "0").trust == {"board": 0.2, "tag": 0.7, "title": 0.9}


def test_a_run_that_has_clustered_and_no_more_shows_what_it_has(make: Make) -> None:
    later = ("labels", "manifest", "trust", "learnt", "assignments", "evidence")
    found = label(make(**dict.fromkeys(later)), "0")
    assert found.on is None
    assert found.label.band is None
    assert found.label.images == 5  # those that say it
    assert [item.phrase for item in found.members] == ["sofa", "sofas"]


def test_a_weight_that_an_older_version_did_not_know_is_left_out(make: Make) -> None:
    labels = [{**row, "target_images": None} for row in shop()["labels"]]
    found = label(make(labels=labels), "0")
    assert "target_images" not in found.weights
    assert found.weights["keep_prob"] == 0.5
    assert label_blocks(found)


def test_a_phrase_of_a_label_tells_how_it_came_and_the_runner_up(make: Make) -> None:
    found = phrase(make(), "Kitchen Table")
    assert found.joined is not None
    assert (found.joined.label.name, found.joined.how, found.joined.similarity) == ("table", "embedding", 0.9)
    assert [(item.name, cosine) for item, cosine in found.rivals] == [("furniture", 0.96), ("sofa", 0.28)]
    assert found.reason == ""


def test_a_phrase_without_a_label_tells_why_and_the_labels_near_it(make: Make) -> None:
    found = phrase(make(), "couch")
    assert found.kept
    assert found.joined is None
    assert "cluster.min_images = 4" in found.reason
    assert [(item.name, cosine) for item, cosine in found.rivals] == [
        ("table", 0.96),
        ("sofa", 0.8),
        ("furniture", 0.6),
    ]


def test_a_dropped_phrase_tells_why(make: Make) -> None:
    found = phrase(make(), "of sofa")
    assert not found.kept
    assert found.reason == "opens or ends with a function word"
    assert found.signals == {"title": 2, "board": 1}


def test_a_phrase_of_two_languages_is_told_in_both_most_images_first(make: Make) -> None:
    run = make()
    assert [(item.language, item.images) for item in find_phrases(run, "sofa")] == [("en", 9), ("de", 4)]
    assert phrase(run, "sofa", "de").phrase_id == phrase_id("sofa", "de")


def test_longer_phrases_hold_it_as_whole_words(make: Make) -> None:
    assert phrase(make(), "sofa", "en").longer == (("blue sofa", 3), ("of sofa", 3))
    assert phrase(make(), "sofas").longer == ()


def test_what_texts_say_and_is_no_candidate_is_told_with_its_images(make: Make) -> None:
    found = phrase(make(), "red sofa")
    assert found.phrase_id is None
    assert found.images == 1
    assert "on 1 images, fewer than mine.min_images = 3" in found.reason
    assert found.said is not None
    assert found.said.examples == ("red sofa",)
    assert found.said.signals == (("title", 1),)


def test_a_phrase_of_too_many_words_is_told(make: Make) -> None:
    long = "a b c d e f g"
    found = phrase(make(texts=[{"text_id": 1, "text": long, "language": "en"}]), long)
    assert found.reason == "7 words, more than mine.max_words = 6"


def test_a_phrase_across_a_break_is_not_said(make: Make) -> None:
    run = make(texts=[{"text_id": 1, "text": "green | sofa", "language": "en"}])
    with pytest.raises(RunError, match="no text of run a says 'green sofa'"):
        find_phrases(run, "green sofa")


def test_what_no_text_says_is_told_with_the_nearest_phrases(make: Make) -> None:
    with pytest.raises(RunError, match=r"no text of run a says 'coach', and so it is no phrase\. The nearest: couch"):
        find_phrases(make(), "coach")
    with pytest.raises(RunError, match="no text of language fr"):
        find_phrases(make(), "table", "fr")
