from pathlib import Path

import pytest

from pipeline.runtime.errors import InputError
from pipeline.vocabulary.mining.dictionary import SCHEMA, read_dictionary


def write(folder: Path, text: str) -> str:
    path = folder / "own.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_no_dictionary_is_an_empty_one() -> None:
    assert read_dictionary("", "en", 6) == SCHEMA.empty_table()


def test_phrases_are_normalized_like_texts_and_a_missing_rule_keeps(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffphrase,language\nMid  Century SOFA,\nIĞDIR,tr\n")
    rows = {row["phrase"]: row for row in read_dictionary(path, "en", 6).to_pylist()}
    assert set(rows) == {"mid century sofa", "ığdır"}
    assert rows["mid century sofa"]["language"] == "en"
    assert rows["mid century sofa"]["n_words"] == 3
    assert all(row["pinned"] and not row["blocked"] and row["synonym_of"] is None for row in rows.values())


def test_the_phrase_that_others_are_synonyms_of_is_kept_too(tmp_path: Path) -> None:
    path = write(tmp_path, "phrase,rule,synonym_of\ncouch,synonym,sofa\nsettee,synonym,sofa\n")
    rows = {row["phrase"]: row for row in read_dictionary(path, "en", 6).to_pylist()}
    assert {row["synonym_of"] for row in rows.values()} == {rows["sofa"]["phrase_id"]}
    assert all(row["pinned"] for row in rows.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("word\nsofa\n", "the header is"),
        ("phrase,rule\nsofa,maybe\n", "line 2: rule is 'maybe'"),
        ("phrase\n!!!\n", "line 2: '!!!' is no phrase"),
        ("phrase\na b c d e f g\n", "of 1 to 6 words"),
        ("phrase,rule\nsofa,keep\nSofa,block\n", "line 3: 'sofa' .en. has another rule"),
        ("phrase,rule,synonym_of\ncouch,synonym,\n", "line 2: '' is no phrase"),
        ("phrase,rule,synonym_of\na1,synonym,b1\nb1,synonym,c1\n", "line 3: 'b1' .en. has another rule"),
        ("phrase,rule,synonym_of\nb1,synonym,c1\na1,synonym,b1\n", "line 3: 'b1' is no label itself"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_dictionary(write(tmp_path, text), "en", 6)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_dictionary(str(tmp_path / "absent.csv"), "en", 6)
