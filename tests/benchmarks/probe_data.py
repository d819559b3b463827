"""What the training probe reads: pictures, runs without boards, and boards as classes to be judged by."""

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL import Image
from probe_models import SIDE

from pipeline.runtime.errors import InputError
from pipeline.sources import corpora

_JOB = Path(__file__).parents[2] / "jobs" / "mine.py"
_BOARD = "board"
_CONFIG = """\
[[sources]]
path = "{folder}/signals.parquet"
signal_column = "signal"
language = "language"
contributor = "contributor"

[[images]]
path = "{folder}/images.parquet"
image_uri = "image_uri"

[mine]
min_images = 3

[cluster]
min_images = 5

[publish]
validation_share = 0.3
stratify = false
"""


def read_corpora(openclipart: Path | None) -> tuple[pa.Table, pa.Table]:
    """Signals and images of the corpora that are there; says what is missing."""
    if openclipart is not None:
        corpora.OPENCLIPART_FOLDER = openclipart
    found = []
    for name in ("icons", "openclipart"):
        try:
            found.append(corpora.read_corpus(name))
        except InputError as error:
            sys.stderr.write(f"left out: {error}\n")
    return pa.concat_tables(c.signals for c in found), pa.concat_tables(c.images for c in found)


def mine(folder: Path, signals: pa.Table, images: pa.Table, method: str) -> Path:
    """A published manifest of all that is said but boards; made once."""
    tree = folder / "runs" / "manifest" / method
    if not (tree / "run.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(signals.filter(pc.not_equal(signals["signal"], _BOARD)), folder / "signals.parquet")
        pq.write_table(images, folder / "images.parquet")
        (folder / "run.toml").write_text(_CONFIG.format(folder=folder.absolute()))
        command = [_JOB, "--config", folder / "run.toml", "--run-root", folder / "runs", "--run-id", method]
        subprocess.run([sys.executable, *map(str, command), "--set", f"cluster.method={method}"], check=True)
    return tree


def draw_pictures(folder: Path, images: pa.Table) -> tuple[npt.NDArray[np.uint8], dict[str, int]]:
    """Pictures of 64 pixels on white, uint8 [n, 64, 64, 3], and the place of each image; drawn once."""
    cache, names = folder / "pictures.npy", folder / "pictures.txt"
    if not cache.exists():
        folder.mkdir(parents=True, exist_ok=True)
        drawn, ids = [], []
        for image, uri in zip(images["image_id"].to_pylist(), images["image_uri"].to_pylist(), strict=True):
            picture = _draw(Path(unquote(urlsplit(uri).path)))
            if picture is not None:
                drawn.append(picture)
                ids.append(image)
        np.save(cache, np.stack(drawn))
        names.write_text("\n".join(ids))
    ids = names.read_text().split("\n")
    return np.load(cache), {image: place for place, image in enumerate(ids)}


def _draw(path: Path) -> npt.NDArray[np.uint8] | None:
    import resvg_py

    try:
        if path.suffix == ".svg":
            raw = bytes(resvg_py.svg_to_bytes(svg_path=str(path), width=2 * SIDE))
        else:
            raw = path.read_bytes()
        with Image.open(io.BytesIO(raw)) as opened:
            picture = opened.convert("RGBA")
    except (OSError, ValueError, RuntimeError, Image.DecompressionBombError):
        return None
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    white = Image.new("RGBA", (SIDE, SIDE), "white")
    white.alpha_composite(picture, ((SIDE - picture.width) // 2, (SIDE - picture.height) // 2))
    return np.asarray(white.convert("RGB"))


def boards_of(signals: pa.Table, images: list[str]) -> tuple[list[str], npt.NDArray[np.bool_]]:
    """Boards with at least ten of these images: names, and which image has which, bool [images, boards]."""
    rows = signals.filter(pc.equal(signals["signal"], _BOARD))
    said: dict[str, set[str]] = {}
    for image, text in zip(rows["image_id"].to_pylist(), rows["text"].to_pylist(), strict=True):
        said.setdefault(image, set()).add(text.casefold())
    counts = Counter(name for image in images for name in said.get(image, ()))
    names = sorted(name for name, count in counts.items() if count >= 10)
    place = {name: k for k, name in enumerate(names)}
    found = np.zeros((len(images), len(names)), dtype=bool)
    for row, image in enumerate(images):
        found[row, [place[name] for name in said.get(image, ()) if name in place]] = True
    return names, found
