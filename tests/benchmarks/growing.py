"""A day's new signals on top of a finished run: what that takes beside the whole, and what differs.

    python tests/benchmarks/scale.py run build/bench --sizes 1000000 --keep
    python tests/benchmarks/growing.py build/bench/1000000 --share 0.01 --full

The new signals follow the rows that the base has, by the same draws: four in five are about images that are new, eight
texts each, the fifth about popular images of the base. `--full` also mines everything in one run and compares labels
and images with the grown run; it takes as long as the base did. Results are in growing.json of the base's folder.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from draws import Draw, spell
from generate import images_of, make_batch
from scale import MIXTURE, ROAD, RUN, SOURCES
from scale_mixture import Mixture, make_images, read_lexicon
from watch import watch

_GROWN, _FULL = "grown", "whole"

Numbers = npt.NDArray[np.int64]


def main(argv: Sequence[str] | None = None) -> int:
    """Grow a base, measure, compare; 1 where a run fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, help="folder of one size that scale.py has kept")
    parser.add_argument(
        "--share", type=float, default=0.01, help="new signals beside those of the base (default: 0.01)"
    )
    parser.add_argument("--full", action="store_true", help="mine everything in one run too, and compare")
    parsed = parser.parse_args(argv)
    folder: Path = parsed.base.resolve()
    signals = int(ds.dataset(folder / "signals").count_rows())
    added = make_day(folder / "day", signals, round(signals * parsed.share))
    found: dict[str, Any] = {"base_signals": signals, "new_signals": added, "base_seconds": _seconds(folder, RUN)}
    runs = [(_GROWN, [folder / "day"], ["--base", RUN])]
    runs += [(_FULL, [folder, folder / "day"], [])] if parsed.full else []
    for name, sources, options in runs:
        config = folder / f"{name}.toml"
        config.write_text("".join(SOURCES.format(folder=source, name=source.name) for source in sources))
        command = ["--config", str(config), "--run-root", str(folder / "runs"), "--run-id", name, *options]
        seen = watch([sys.executable, str(ROAD), *command])
        if seen.code:
            sys.stderr.write(seen.output[-4_000:])
            return 1
        found |= {f"{name}_seconds": round(seen.seconds, 1), f"{name}_peak_mb": seen.peak_mb}
        stages = _record(folder, name)["stages"]
        found[f"{name}_stages"] = {item["stage"]: [item["seconds"], item["cpu_seconds"]] for item in stages}
    found["growth"] = _record(folder, _GROWN)["growth"]
    found |= compare(folder, RUN, _GROWN, "base")
    if parsed.full:
        found |= compare(folder, _FULL, _GROWN, "whole")
        found["share_of_whole"] = round(found["grown_seconds"] / found["whole_seconds"], 3)
    (folder / "growing.json").write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


def make_day(folder: Path, signals: int, rows: int) -> int:
    """Write the rows that follow those of a table, and their new images; gives how many rows."""
    draw, vocabulary = Draw(0), spell()
    mixture = Mixture(**{name: share for name, share in MIXTURE.items() if name != "reposts"})
    batch = make_batch(draw, signals, rows, signals, vocabulary, mixture, read_lexicon(vocabulary))
    old, new = images_of(signals), images_of(rows)
    row = np.arange(signals, signals + rows, dtype=np.int64)
    fresh = draw.uniform("pick", row) >= 0.2
    drawn = (draw.uniform("image", row) * new).astype(np.int64) + old
    ids = pc.binary_join_element_wise(pa.scalar("i"), pa.array(drawn).cast(pa.string()), "")
    image = pc.if_else(pa.array(fresh), ids, batch.table["image_id"].combine_chunks())
    table = batch.table.set_column(0, "image_id", image)
    for name, content in (("signals", table), ("images", make_images(draw, old, new, 0.0))):
        (folder / name).mkdir(parents=True, exist_ok=True)
        pq.write_table(content, folder / name / "part-00000.parquet", compression="zstd")
    return rows


def compare(folder: Path, one: str, other: str, named: str) -> dict[str, Any]:
    """How far two runs agree: keys of labels, and labels of the images that both have, by their names."""
    labels = [_tree(folder, run, "labels").to_table(["label_id", "label_key", "name"]) for run in (one, other)]
    rows = [_tree(folder, run, "data").to_table(["image_id", "label_ids"]) for run in (one, other)]
    keys = [set(table["label_key"].to_pylist()) for table in labels]
    names = _number(*(table.sort_by("label_id")["name"] for table in labels))
    images = _number(*(table["image_id"] for table in rows))
    pairs = [_pairs(table, *numbers) for table, *numbers in zip(rows, images, names, strict=True)]
    both = np.intersect1d(*images)
    said = [np.unique(each[np.isin(each >> 32, both)]) for each in pairs]  # labels of one run may share a name
    alike = len(np.intersect1d(*said, assume_unique=True))
    return {
        f"labels_{named}": len(keys[0]),
        f"keys_of_{named}_in_grown": len(keys[0] & keys[1]),
        f"images_{named}": len(images[0]),
        f"images_grown_and_{named}": len(both),
        f"pairs_alike_{named}": round(alike / max(1, len(said[0]) + len(said[1]) - alike), 4),
    }


def _number(one: pa.ChunkedArray, other: pa.ChunkedArray) -> tuple[Numbers, Numbers]:
    """The strings of two columns as numbers, equal ones alike, int64."""
    codes = pa.chunked_array([*one.chunks, *other.chunks]).dictionary_encode().combine_chunks()
    numbers = codes.indices.to_numpy().astype(np.int64)
    return numbers[: len(one)], numbers[len(one) :]


def _pairs(rows: pa.Table, images: Numbers, names: Numbers) -> Numbers:
    """Each label of each image as image * 2^32 + name, int64."""
    lists = rows["label_ids"]
    lengths = pc.list_value_length(lists).to_numpy().astype(np.int64)
    found = names[pc.list_flatten(lists).to_numpy()]
    return (np.repeat(images, lengths) << 32) + found


def _tree(folder: Path, run: str, table: str) -> ds.Dataset:
    return ds.dataset(folder / "runs" / "manifest" / run / table, format="parquet")


def _record(folder: Path, run: str) -> dict[str, Any]:
    return dict(json.loads((folder / "runs" / run / "run.json").read_text()))


def _seconds(folder: Path, run: str) -> float:
    return round(sum(item["seconds"] for item in _record(folder, run)["stages"]), 1)


if __name__ == "__main__":
    sys.exit(main())
