import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.mining.contributors import name_runs


def test_a_name_counts_whole_in_part_and_with_the_family_name_first() -> None:
    assert name_runs("Jarno Vasamaa", 6) == {"jarno", "vasamaa", "jarnovasamaa", "vasamaajarno"}
    assert name_runs("Vasamaa, Jarno", 6) == name_runs("Jarno Vasamaa", 6)


@pytest.mark.parametrize("handle", ["jarno_v", "JarnoV", "@jarno_v", "Jarno V.", "jarno-v"])
def test_a_handle_is_read_as_the_words_that_it_is_made_of(handle: str) -> None:
    assert {"jarno", "jarnov"} <= name_runs(handle, 6)


def test_a_handle_of_words_written_as_one_counts_joined_and_parted() -> None:
    assert {"rosegarden", "rose", "garden"} <= name_runs("rosegarden", 6)


@pytest.mark.parametrize("name", ["X", "李", "", " ", "?!", "90", "7 11", "H. C. A."])
def test_letters_alone_and_numbers_are_no_name(name: str) -> None:
    assert all(len(run) > 1 and not run.isdigit() for run in name_runs(name, 1))
    assert not name_runs(name, 1)


def test_a_name_longer_than_any_phrase_counts_by_its_runs_alone() -> None:
    runs = name_runs("Anna Berta Clara Dora", 2)
    assert {"anna", "annaberta", "claradora"} <= runs
    assert not any(run.count("a") > 4 for run in runs)  # two a's a word: no run of three words
    assert "annabertaclara" not in runs


def test_a_sentence_instead_of_a_name_stays_bounded() -> None:
    assert len(name_runs(" ".join(f"word{place}" for place in range(1_000)), 6)) < 500


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("田中太郎", "田中"),
        ("कमल शर्मा", "कमल"),
        ("Анна Каренина", "каренина"),
        ("محمد علي", "علي"),
        ("김 철수", "철수"),
    ],
)
def test_names_of_other_scripts_are_cut_as_their_texts_are(name: str, part: str) -> None:
    assert part in name_runs(name, 6)
    assert part[:-1] not in name_runs(name, 6)


def test_accents_are_kept_and_lost_as_in_file_names_but_marks_of_other_scripts_stay() -> None:
    assert {"moisés", "moises"} <= name_runs("Moisés", 6)
    assert name_runs("शर्मा", 6) == {"शर्मा"}


def test_a_turkish_name_is_found_in_turkish_and_in_other_texts() -> None:
    assert {"ışık", "isik"} <= name_runs("IŞIK", 6)


def test_broken_encodings_entities_and_hyphens_are_mended_as_in_texts() -> None:
    assert "josué" in name_runs("Josu&Atilde;&copy; Alcalde", 6)
    assert {"jeanvictor", "jean", "victor", "jeanvictorbalin"} <= name_runs("Jean-Victor Balin", 6)


@given(st.text(max_size=60), st.integers(1, 8))
def test_runs_are_lower_case_letters_and_digits_and_grow_with_the_longest_phrase(name: str, most: int) -> None:
    runs = name_runs(name, most)
    assert runs <= name_runs(name, most + 1)
    assert all(run.strip() == run and len(run) > 1 and not any(sign in run for sign in " |_-'.@#") for run in runs)
