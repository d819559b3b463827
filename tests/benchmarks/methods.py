"""All methods and baselines on sets with trusted labels: each set is mined once, without the signal that is its truth.

    python tests/benchmarks/methods.py DATA build/methods [--sets icons emoji] [--hold-out board]
    python tests/benchmarks/methods.py DATA build/methods --label-images 30 100 300 --methods none anchored

DATA holds, for each set, NAME_signals.parquet (image_id, signal_type, text, language, count) and perhaps
NAME_labels.parquet: image_id and trusted labels, of which the last column counts, the finest. Where there are none, the
texts of the signal held out are the truth. All sets have the same settings, but for the support that their size asks
for; an image keeps all its labels, since the baselines cut none. A run that is there already is judged and not mined
again, so that methods can be compared while they are changed. With --label-images all is judged for each of these
numbers of images that a label needs: the more, the longer the tail that is merged or lost. Prints the tables of each
set and writes everything to NAME.json, or NAME-IMAGES.json.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_JOBS = Path(__file__).parents[2] / "jobs"
_SMALL = 10_000  # images
_CONFIG = """\
[mine]
min_images = {phrase_images}

[cluster]
min_images = {label_images}

[assign]
max_labels = 200
min_confidence = 0.05

[[sources]]
path = "{path}"
signal_column = "signal_type"
text = "text"
language = "language"
count = "count"
"""


def write_inputs(data: Path, name: str, hold_out: str, out: Path) -> tuple[Path, Path]:
    """Write signals without the one held out, the truth, and the settings; gives the paths of settings and truth."""
    signals = pq.read_table(data / f"{name}_signals.parquet")
    held = pc.equal(signals["signal_type"], hold_out)
    trusted = data / f"{name}_labels.parquet"
    if trusted.exists():
        truth = pq.read_table(trusted)
        truth = truth.select(["image_id", truth.column_names[-1]])
    else:
        truth = signals.filter(held).select(["image_id", "text"])
    truth = truth.rename_columns(["image_id", "label"])
    mined = signals.filter(pc.invert(held))
    images = pc.count_distinct(mined["image_id"]).as_py()
    out.mkdir(parents=True, exist_ok=True)
    _write(mined, out / f"{name}_mined.parquet")
    _write(truth.filter(pc.is_valid(truth["label"])), out / f"{name}_truth.parquet")
    config = out / f"{name}.toml"
    least = (2, 5) if images < _SMALL else (3, 10)
    path = (out / f"{name}_mined.parquet").resolve()
    config.write_text(_CONFIG.format(phrase_images=least[0], label_images=least[1], path=path))
    return config, out / f"{name}_truth.parquet"


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")


def judge_set(
    data: Path, hold_out: str, out: Path, name: str, options: Sequence[str], label_images: Sequence[int]
) -> int:
    """Mine a set where its run is not there yet, and judge it for each number of images a label; the exit code."""
    config, truth = write_inputs(data, name, hold_out, out)
    runs = out / "runs"
    again = ["--resume", name] if (runs / name / "run.json").exists() else ["--run-id", name]
    finished = (runs / name / "tables" / "assignments.json").exists()
    if not finished:
        mine = [str(_JOBS / "mine.py"), "--config", str(config), "--run-root", str(runs), *again, "--until", "assign"]
        code = subprocess.run([sys.executable, *mine], stdout=sys.stderr).returncode
        if code:
            return code
    codes = []
    for needed in label_images or [0]:
        title = f"{name}-{needed}" if needed else name
        scores = ["--run", str(runs / name), "--truth", str(truth), "--out", str(out / f"{title}.json"), *options]
        scores += ["--set", f"cluster.min_images={needed}"] if needed else []
        sys.stdout.write(f"## {title}\n\n")
        sys.stdout.flush()
        codes.append(subprocess.run([sys.executable, str(_JOBS / "evaluate.py"), *scores]).returncode)
    return max(codes)


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the sets one after the other; the largest exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the sets")
    parser.add_argument("out", type=Path, help="folder for inputs, runs and scores; what is there is used again")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="(default: all that have trusted labels)")
    parser.add_argument("--hold-out", default="board", metavar="SIGNAL", help="(default: %(default)s)")
    parser.add_argument(
        "--label-images", nargs="+", type=int, default=[], metavar="N", help="(default: what the set's size asks for)"
    )
    parser.add_argument("--methods", nargs="+", metavar="WAY", help="(default: all)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="as of jobs/evaluate.py"
    )
    arguments = parser.parse_args(argv)
    ends = "_labels.parquet"
    sets = arguments.sets or sorted(path.name.removesuffix(ends) for path in arguments.data.glob(f"*{ends}"))
    options = ["--methods", *(arguments.methods or _all_ways())]
    options += [item for setting in arguments.set for item in ("--set", setting)]
    where = (arguments.data, arguments.hold_out, arguments.out)
    return max(judge_set(*where, name, options, arguments.label_images) for name in sets)


def _all_ways() -> list[str]:
    from pipeline.review.trial import OWN, WAYS

    return [way for way in WAYS if way != OWN]


if __name__ == "__main__":
    sys.exit(main())
