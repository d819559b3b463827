import json
from typing import Any

import mlcroissant
import numpy as np
import pyarrow as pa
import pytest
import yaml
from datasets import Features
from fake_run import full_record

from pipeline.manifest.rows import label_table
from pipeline.manifest.tree import front_matter as head_of_card
from pipeline.manifest.tree.card import CardFacts, render_card
from pipeline.manifest.tree.croissant import describe_tree
from pipeline.manifest.tree.front_matter import SplitCount
from pipeline.manifest.tree.origins import Origins
from pipeline.manifest.tree.publish import _files_for
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.errors import ConfigError, SchemaError
from pipeline.runtime.schema import load_schema
from pipeline.stages.publishing import audited

AWKWARD = ["no", "12", "a: b | c", "--- x", "'q\"", "#tag", "чай", "茶", "😀", "trailing: "]
COUNTS = [SplitCount("train", 30, 50, 20), SplitCount("validation", 2, 3, 1)]


def vocabulary_of(names: list[str], languages: list[str] | None = None) -> pa.Table:
    ids = range(len(names))
    return pa.table(
        {
            "label_id": pa.array(ids, pa.int32()),
            "label_key": [f"{i:016x}" for i in ids],
            "name": names,
            "display": names,
            "name_languages": [["en"]] * len(names),
            "names": [[name] for name in names],
            "language": languages or ["en"] * len(names),
            "support": pa.array([99] * len(names), pa.int64()),
            "phrases": pa.array([1] * len(names), pa.int32()),
            "parent": pa.array([None] * len(names), pa.int32()),
            "parent_how": pa.array([None] * len(names), pa.string()),
        }
    )


def counts_of(images: dict[int, int]) -> pa.Table:
    return pa.table(
        {"label_id": pa.array(images, pa.int32()), "images": pa.array(images.values(), pa.int64())},
    )


def record() -> dict[str, Any]:
    stages = [{"stage": "normalize", "rejects": {"row/too_long": 1234, "row/no_text": 5}}]
    return full_record("r1", ["tag", "title"], stages)


def front_matter(text: str) -> dict[str, Any]:
    _, head, _ = text.split("---\n", 2)
    found = yaml.safe_load(head)
    assert isinstance(found, dict)
    return found


def test_label_table_counts_a_label_without_images_as_0_and_follows_the_schema() -> None:
    config = PublishConfig(cap=4, repeat_threshold=16, effective_beta=0)
    table = label_table(vocabulary_of(["a", "b", "c"]).take([2, 0, 1]), counts_of({1: 4, 0: 16}), config)
    assert table.column_names == load_schema("labels").struct.names
    assert table["name"].to_pylist() == ["a", "b", "c"]
    assert table["images"].to_pylist() == [16, 4, 0]
    assert table["keep_prob"].to_pylist() == [0.25, 1, 1]
    assert table["repeat_factor"].to_pylist() == [1, 2, 1]
    assert table["class_weight"].to_pylist() == [1, 1, 0]
    assert table["band"].to_pylist() == ["head", "torso", "tail"]


def test_cap_0_is_chosen_by_tail_share_and_serves_repeats_too() -> None:
    config = PublishConfig(tail_share=0.3)
    table = label_table(vocabulary_of(list("abcde")), counts_of(dict(enumerate([10, 4, 3, 2, 1]))), config)
    assert table["keep_prob"].to_pylist() == [0.4, 1, 1, 1, 1]
    assert table["repeat_factor"].to_pylist() == pytest.approx([1, 1, (4 / 3) ** 0.5, 2**0.5, 2])


def test_label_ids_with_gaps_are_refused() -> None:
    with pytest.raises(SchemaError, match="without gaps"):
        label_table(vocabulary_of(["a", "b"]).slice(1), counts_of({1: 3}), PublishConfig())


def test_no_images_at_all_leave_no_cap_to_choose() -> None:
    with pytest.raises(ConfigError, match="no label has images"):
        label_table(vocabulary_of(["a"]), counts_of({}), PublishConfig())


def test_class_names_that_look_like_yaml_survive_the_front_matter() -> None:
    labels = label_table(vocabulary_of(AWKWARD), counts_of({0: 3}), PublishConfig(cap=1))
    head = front_matter(render_card(record(), labels, COUNTS, PublishConfig(cap=1)))
    features = Features._from_yaml_list(head["dataset_info"][0]["features"])
    assert list(features) == load_schema("manifest").struct.names
    assert features["primary_label"].names == AWKWARD
    assert features["label_ids"].feature.names == AWKWARD
    assert features["label_confidences"].feature.dtype == "float32"


def test_front_matter_names_files_of_every_table_and_the_languages_but_not_und() -> None:
    labels = label_table(vocabulary_of(["a", "b", "c"], ["en", "und", "de"]), counts_of({0: 3}), PublishConfig(cap=1))
    head = front_matter(render_card(record(), labels, COUNTS, PublishConfig(cap=1, licence="cc-by-4.0")))
    assert head["license"] == "cc-by-4.0"
    assert head["language"] == ["de", "en"]
    manifest, *others = head["configs"]
    assert [item["split"] for item in manifest["data_files"]] == ["train", "validation"]
    assert others == [
        {"config_name": "labels", "data_files": "labels/*.parquet"},
        {"config_name": "members", "data_files": "members/*.parquet"},
        {"config_name": "evidence", "data_files": "evidence/*.parquet"},
    ]


def test_a_split_without_images_is_not_named_to_loaders() -> None:
    labels = label_table(vocabulary_of(["a"]), counts_of({0: 3}), PublishConfig(cap=1))
    counts = [COUNTS[0], SplitCount("validation", 0, 0, 0)]
    manifest = front_matter(render_card(record(), labels, counts, PublishConfig(cap=1)))["configs"][0]
    assert manifest["data_files"] == [{"split": "train", "path": "data/train/*.parquet"}]


def test_too_many_class_names_stay_out_of_the_front_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_of_card, "MAX_CLASS_NAMES", 1)
    labels = label_table(vocabulary_of(["a", "b"]), counts_of({0: 3}), PublishConfig(cap=1))
    text = render_card(record(), labels, COUNTS, PublishConfig(cap=1))
    assert "dataset_info" not in front_matter(text)
    assert "of `class_map.txt`, counted from 0" in text


def test_the_card_tells_bits_bands_drops_and_the_cap() -> None:
    labels = label_table(vocabulary_of(["a", "b"]), counts_of({0: 2000, 1: 5}), PublishConfig(cap=1500))
    text = render_card(record(), labels, COUNTS, PublishConfig(cap=1500))
    for line in (
        "32 images with 2 kinds of label",
        "| train | 30 | 50 | 20 |",
        "| head | 1 | 2,000 | 2,000 to 2,000 | 0 | 0 |",
        "| torso | 0 | 0 | none | 0 | 0 |",
        "| normalize | row | too_long | 1,234 |",
        "| 1 | tag |\n| 2 | title |",
        "Cap t = 1,500 images a label",
        "## Known bias",
    ):
        assert line in text


def test_the_card_tells_where_images_come_from_who_said_it_and_what_an_audit_found() -> None:
    labels = label_table(vocabulary_of(["a", "b"]), counts_of({0: 2000, 1: 5}), PublishConfig(cap=1500))
    origins = Origins(
        *({"i.example": 30, "files": 2}, 8, {"en": 90, "de": 5}, 5),
        **{"mentions": 100, "known": 20, "contributors": 7, "largest": 15, "ten_largest": 20},
    )
    facts = CardFacts(
        held=frozenset([1]),
        origins=origins,
        audit=[("head", 100, 61, "0.610", "0.511 to 0.700")],
        drops={"held_out_label": 3},
    )
    text = render_card(record(), labels, COUNTS, PublishConfig(cap=1500, validation_share=0.1), facts)
    for line in (
        "| icons | several kinds | other |",
        "| tail | 1 | 5 | 5 to 5 | 0 | 1 |",
        "| i.example | 30 |\n| files | 2 |\n| all others | 8 |",
        "| en | 90 |\n| de | 5 |\n| all others | 5 |",
        "Of all images 75% are at one place: i.example.",
        "7 contributors are known, of 20 mentions (a text on an image); there are 100.",
        "The one with most said 75% of them, the ten with most 100%.",
        "| head | 100 | 61 | 0.610 | 0.511 to 0.700 |",
        "| publish | image | held_out_label | 3 |",
        "by a share of 0.1, among the images on which the same label is the rarest, and at least one of ten.",
    ):
        assert line in text


def test_the_card_says_so_where_nothing_was_measured_and_nobody_is_known() -> None:
    labels = label_table(vocabulary_of(["a"]), counts_of({0: 3}), PublishConfig(cap=1))
    origins = Origins({"files": 3}, 0, {"en": 3}, 0, mentions=3, known=0, contributors=0, largest=0, ten_largest=0)
    text = render_card(record(), labels, COUNTS, PublishConfig(cap=1), CardFacts(origins=origins))
    assert "No audit was given" in text
    assert "Who said what is not known" in text


def test_croissant_lacks_nothing_but_a_citation_and_speaks_in_the_schemas_words(tmp_path: Any) -> None:
    path = tmp_path / "croissant.json"
    path.write_text(json.dumps(describe_tree("r1", "2025-01-02T03:04:05+00:00", "cc-by-4.0")))
    found = mlcroissant.Dataset(jsonld=path).metadata
    assert not found.ctx.issues.errors
    assert [text for text in found.ctx.issues.warnings if "citeAs" not in text] == []
    fields = {field.id: field for record_set in found.record_sets for field in record_set.fields}
    for table in ("manifest", "labels", "members"):
        for column in load_schema(table).struct:
            assert fields[f"{table}/{column.name}"].description == column.metadata["comment"]


@pytest.mark.parametrize(("rows", "limit"), [(0, 10), (10, 10), (11, 10), (1_000_000, 1_000), (7, 1)])
def test_hashed_rows_stay_within_the_limit_of_a_file(rows: int, limit: int) -> None:
    tasks = _files_for(rows, limit)
    assert tasks >= 1
    if rows <= limit:
        assert tasks == 1
    if limit >= 1_000:
        sizes = np.bincount(np.random.default_rng(0).integers(0, tasks, rows))
        assert sizes.max() <= limit


def test_an_audit_is_told_in_the_card_by_band(tmp_path: Any) -> None:
    rows = ["i1,dog,yes,head", "i2,dog,no,head", "i3,fern,yes,tail", "i4,fern,?,tail"]
    (tmp_path / "audit_result.csv").write_text("image_id,label,correct,band\n" + "\n".join(rows) + "\n")
    found = audited(str(tmp_path / "audit_result.csv"))
    assert [row[:4] for row in found] == [("head", 2, 1, "0.500"), ("tail", 1, 1, "1.000"), ("all", 3, 2, "0.667")]
    assert found[0][4] == "0.095 to 0.905"  # Wilson
    assert audited("") == []
