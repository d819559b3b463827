"""The README's commands on tables as its settings describe them: every run, then every job of its table."""

import csv
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from readme import command_lines, program, settings_block, table_commands, without_comment
from small_run import as_reader

from pipeline.stages import ROAD

ROOT = Path(__file__).parents[2]
KINDS = ("sofa", "sofa bed", "armchair", "bookcase", "floor lamp", "rug", "wardrobe", "mirror", "desk", "bed frame")
LOOKS = ("mid century", "rustic", "green velvet", "oak", "white", "leather", "vintage", "rattan", "small", "antique")
PLACES = ("living room", "bedroom", "office", "hallway", "attic", "garden")
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="teal"/></svg>'
COLUMNS = ["pin_id", "title", "url", "user_id", "lang"]


@dataclass(frozen=True)
class Reader:
    """Who follows the README: the folder, and what stands for the ids that the README leaves open."""

    folder: Path
    ids: dict[str, str]

    def does(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as it stands, with ids in place."""
        return as_reader([self._put(word) for word in words], self.folder)

    def _put(self, text: str) -> str:
        for name, value in self.ids.items():
            text = text.replace(name, value)
        return text


def lay_tables(folder: Path, kinds: tuple[str, ...], first: int) -> None:
    """pins/*.parquet and clicks.csv with the columns that the README's settings name."""
    (folder / "pins").mkdir(parents=True)
    picture = folder / "picture.svg"
    picture.write_text(PICTURE)
    said = [(look, kind, place) for kind in kinds for look in LOOKS for place in PLACES]
    pins = [
        [f"p{first + n}", f"{look} {kind}, {place}", picture.as_uri(), f"u{n % 83}", "en"]
        for n, (look, kind, place) in enumerate(said)
    ]
    for part in (0, 1):
        columns = [pa.array(column) for column in zip(*pins[part::2], strict=True)]
        pq.write_table(pa.table(columns, names=COLUMNS), folder / "pins" / f"{part}.parquet")
    with (folder / "clicks.csv").open("w", newline="") as file:
        lines = [[f"p{first + n}", f"{look} {kind}", 1 + n % 3] for n, (look, kind, _) in enumerate(said)]
        csv.writer(file).writerows([["image_id", "text", "clicks"], *lines])


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Someone with two tables, a day of new ones and a few trusted labels, who has made all runs of the README."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "jobs").symlink_to(ROOT / "jobs")
    lay_tables(folder, KINDS, 0)
    lay_tables(folder / "day", ("sofa", "footstool"), 10_000)
    (folder / "run.toml").write_text(settings_block())
    (folder / "day.toml").write_text(settings_block().replace('path = "', 'path = "day/'))
    (folder / "truth.csv").write_text("image_id,label\n" + "".join(f"p{n},sofa\n" for n in range(0, 60, 3)))
    found = Reader(folder, {"PIN_ID": "p7"})
    for line in command_lines():
        if "jobs/mine.py" not in line:
            continue
        done = found.does("bash", "-c", without_comment(line))
        runs = [Path(said.split()[-1]).name for said in done.stdout.splitlines() if said.startswith("manifest ")]
        if "--base" in line:
            found.ids["NEW_ID"] = runs[0]
        elif "RUN_ID" not in found.ids and runs:
            found.ids["RUN_ID"] = runs[0]
    return found


def test_runs_of_the_readme_end_with_a_manifest_and_the_last_where_it_is_told_to(reader: Reader) -> None:
    runs = reader.folder / "runs"
    trees = {path.name for path in (runs / "manifest").iterdir() if path.is_dir()}
    assert trees == {reader.ids["RUN_ID"], reader.ids["NEW_ID"]}
    names = {tree: (runs / "manifest" / tree / "class_map.txt").read_text().splitlines() for tree in trees}
    assert all("sofa" in found for found in names.values())
    assert [tree for tree, found in names.items() if "footstool" in found] == [reader.ids["NEW_ID"]]
    mined = {path.parents[1].name for path in runs.glob("*/tables/candidates.json")} - trees
    assert len(mined) == 1
    assert not list((runs / mined.pop()).glob("tables/embeddings*.json"))


def test_the_table_has_every_job_that_is_no_stage() -> None:
    jobs = {path.stem for path in (ROOT / "jobs").glob("*.py")} - {"__init__", "mine"}
    assert jobs - {stage.name for stage in ROAD} <= {Path(words[0]).stem for words in table_commands()}


@pytest.mark.parametrize("words", table_commands(), ids=" ".join)
def test_jobs_of_the_table_do_what_it_says(reader: Reader, words: list[str]) -> None:
    if "--result" in words:  # a person has judged the sheet that a line before has drawn
        judge(reader.folder)
    done = reader.does(".venv/bin/python", *words)
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr
    for option in ("--out", "--html"):
        if option in words:
            assert (reader.folder / words[words.index(option) + 1]).exists()


def judge(folder: Path) -> None:
    """The sheet with every label found right, under the name that the page saves it by."""
    with (folder / "audit/audit.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "audit_result.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "correct": "yes"} for row in rows)


def test_the_program_of_the_readme_reads_the_manifest(reader: Reader) -> None:
    more = "\nprint(reader.num_rows)\n"
    done = reader.does(".venv/bin/python", "-c", program() + more)
    assert int(done.stdout) > 0
