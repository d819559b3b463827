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

from pipeline.manifest.balance import caps
from pipeline.manifest.balance.plan import image_rates
from pipeline.manifest.reader import ManifestReader
from pipeline.runtime.errors import InputError
from pipeline.sources import corpora

_JOBS = Path(__file__).parents[2] / "jobs"
_BOARD = "board"
_ALIKE = 0.98  # cosine of shrunken ink; from there on, pairs are one drawing, or variants of it, to the eye
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
    """Signals and images of the corpora that are there; says what is missing.

    Raises:
        InputError: none is there.
    """
    if openclipart is not None:
        corpora.OPENCLIPART_FOLDER = openclipart
    found = []
    for name in ("icons", "openclipart"):
        try:
            found.append(corpora.read_corpus(name))
        except InputError as error:
            sys.stderr.write(f"left out: {error}\n")
    if not found:
        raise InputError("no corpus is there to train on; what to install is said above.")
    return pa.concat_tables(c.signals for c in found), pa.concat_tables(c.images for c in found)


def hold_out_boards(folder: Path, signals: pa.Table, images: pa.Table) -> None:
    """Write what runs read: all facts but boards.

    Raises:
        InputError: the folder has runs of other facts, which must not be taken for runs of these.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"signals": signals.filter(pc.not_equal(signals["signal"], _BOARD)), "images": images}
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            pq.write_table(table, path)
        elif not pq.read_table(path).equals(table):
            raise InputError(f"{folder} holds runs of other corpora or versions. Delete it, or name another folder.")


def mine(folder: Path, method: str) -> Path:
    """A published manifest of what `hold_out_boards` wrote; made once."""
    tree = folder / "runs" / "manifest" / method
    if not (tree / "run.json").exists():
        (folder / "run.toml").write_text(_CONFIG.format(folder=folder.absolute()))
        command = [_JOBS / "mine.py", "--config", folder / "run.toml", "--run-root", folder / "runs"]
        extra = ["--run-id", method, "--set", f"cluster.method={method}"]
        subprocess.run([sys.executable, *map(str, command), *extra], check=True)
    return tree


def balance(folder: Path, method: str) -> Path:
    """The manifest of a method, kept and repeated so that an epoch shows as many images as it has; made once.

    As by default, labels repeat below the cap. The planner then finds the cap for the budget.
    """
    tree = folder / "runs" / "manifest" / f"{method}.balanced"
    if not (tree / "run.json").exists():
        source = folder / "runs" / "manifest" / method
        images = ManifestReader(str(source), sampling="all").num_rows
        plan = ["--images", str(images), "--repeat-below", f"{even_threshold(source):.3f}", "--write", "balanced"]
        command = [_JOBS / "plan.py", "--run", folder / "runs" / method]
        subprocess.run([sys.executable, *map(str, command), *plan], check=True, stdout=sys.stderr)
    return tree


def even_threshold(tree: Path) -> float:
    """The t at which keeping above t takes as many showings from an epoch as repeating below t adds."""
    table = pq.read_table(tree / "labels", columns=["label_id", "images"]).sort_by("label_id")
    reader = ManifestReader(str(tree), sampling="all", columns=["label_ids"])
    lists = pa.chunked_array([batch["label_ids"] for batch in reader.batches(4096)])
    lengths, labels = pc.list_value_length(lists).to_numpy(), pc.list_flatten(lists).to_numpy()
    return balance_point(lengths.astype(np.int64), labels.astype(np.int64), table["images"].to_numpy())


def balance_point(
    lengths: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> float:
    """The t, by bisection, at which expected showings are as many as images.

    Args:
        lengths: number of labels of each image.
        labels: label_ids of all images, one after the other.
        counts: images of each label.
    """
    low, high = 0.0, float(counts.max())
    for _ in range(60):
        t = (low + high) / 2
        keep, repeat = image_rates(lengths, labels, caps.keep_probability(counts, t), caps.repeat_factors(counts, t))
        low, high = (t, high) if float((keep * repeat).sum()) < len(lengths) else (low, t)
    return high


def apart(images: list[str], others: list[str], pictures: npt.NDArray[np.uint8], place: dict[str, int]) -> list[str]:
    """Images whose picture is no near-copy of one of the others, nor of an earlier image of the list.

    Corpora file one drawing under several names. Near-copies have a cosine of 0.98 or more between their ink, shrunken
    to 16 by 16.

    Args:
        images: ids, in the order in which the first of near-copies stays.
        others: ids of what nothing may look like.
        pictures: uint8 [n, 64, 64, 3].
        place: of each image in `pictures`.
    """
    ink = 255 - pictures.reshape(-1, 16, SIDE // 16, 16, SIDE // 16, 3).mean(axis=(2, 4), dtype=np.float32)
    ink = ink.reshape(len(ink), -1)
    ink /= np.maximum(np.linalg.norm(ink, axis=1, keepdims=True), 1e-9)
    own = ink[[place[image] for image in images]]
    copies = (own @ ink[[place[image] for image in others]].T).max(axis=1, initial=0.0) >= _ALIKE
    alike = own @ own.T >= _ALIKE
    stays: list[int] = []
    for row in np.flatnonzero(~copies):
        if not alike[row, stays].any():
            stays.append(int(row))
    return [images[row] for row in stays]


def draw_pictures(folder: Path, images: pa.Table) -> tuple[npt.NDArray[np.uint8], dict[str, int]]:
    """Pictures of 64 pixels on white, uint8 [n, 64, 64, 3], and the place of each image; drawn once."""
    cache, names = folder / "pictures.npy", folder / "pictures.txt"
    if not names.exists():  # written last: a cache that was cut off is drawn anew
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
    found = np.asarray(white.convert("RGB"))
    return None if found.min() == 255 else found  # blank: white on white, or nothing at all


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
