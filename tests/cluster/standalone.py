"""A Spark standalone cluster on loopback, two workers of one core each, and jobs that spark-submit gives to it."""

import os
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import pyspark

from pipeline.runtime.java import find_java

GUARD = Path(__file__).with_name("guard.py")
SPARK_HOME = Path(pyspark.__file__).parent
WORKERS = 2
EXECUTOR = "CoarseGrainedExecutorBackend"
T = TypeVar("T")


@dataclass(frozen=True)
class Edge:
    """The folder from which jobs are submitted, outside of the checkout: archives, jobs, the environment unpacked."""

    folder: Path
    code: Path
    environment: Path


@dataclass(frozen=True)
class Cluster:
    """A running cluster: the address of its master, its folder, and the guards of its workers."""

    master: str
    folder: Path
    guards: tuple[int, ...]

    def executors(self) -> list[psutil.Process]:
        """The executors' JVMs that are alive."""
        below = [process for guard in self.guards for process in psutil.Process(guard).children(recursive=True)]
        return [process for process in below if EXECUTOR in " ".join(told(process, psutil.Process.cmdline, []))]

    def python_workers(self) -> list[psutil.Process]:
        """Python processes that hold tasks: children of the executors' daemons."""
        daemons = [child for executor in self.executors() for child in told(executor, psutil.Process.children, [])]
        return [worker for daemon in daemons for worker in told(daemon, psutil.Process.children, [])]


def told(process: psutil.Process, ask: Callable[[psutil.Process], T], gone: T) -> T:
    """What a process says of itself; `gone` where it has ended."""
    try:
        return ask(process)
    except psutil.Error:
        return gone


@contextmanager
def guarded(command: Sequence[str], environment: dict[str, str], folder: Path, log: Path) -> Iterator[subprocess.Popen]:
    """A command that ends with the block, or with this process, and all that it has started with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(GUARD), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Start master and workers, and end them with all executors."""
    spark_class = str(SPARK_HOME / "bin/spark-class")
    surroundings = {
        **bare(folder),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        "SPARK_WORKER_OPTS": "-Dspark.worker.cleanup.enabled=false",
    }
    # Addresses of pages follow SPARK_LOCAL_IP; port 0 is any free one.
    where = ["--host", "127.0.0.1", "--webui-port", "0"]
    with ExitStack() as stack:
        port = free_port()
        command = [spark_class, "org.apache.spark.deploy.master.Master", *where, "--port", str(port)]
        log = folder / "master.log"
        stack.enter_context(guarded(command, surroundings, folder, log))
        wait_for(lambda: "New state: ALIVE" in log.read_text(), 60, log)
        guards = []
        for number in range(WORKERS):
            log = folder / f"worker{number}.log"
            command = [
                spark_class,
                "org.apache.spark.deploy.worker.Worker",
                *where,
                "--cores",
                "1",
                "--memory",
                "1200m",
            ]
            command += ["--work-dir", str(folder / f"work{number}"), f"spark://127.0.0.1:{port}"]
            guards.append(stack.enter_context(guarded(command, surroundings, folder, log)).pid)
        for number in range(WORKERS):
            log = folder / f"worker{number}.log"
            wait_for(lambda log=log: "Successfully registered with master" in log.read_text(), 60, log)
        yield Cluster(f"spark://127.0.0.1:{port}", folder, tuple(guards))


def submit_command(cluster: Cluster, edge: Edge, *job: str) -> list[str]:
    """How a user gives a job to the cluster, from the edge's folder."""
    return [
        *(str(SPARK_HOME / "bin/spark-submit"), "--master", cluster.master, "--deploy-mode", "client"),
        *("--driver-memory", "1g", "--executor-memory", "1g", "--executor-cores", "1"),
        *("--py-files", str(edge.code), "--archives", f"{edge.environment}#environment"),
        *("--conf", "spark.pyspark.python=./environment/bin/python"),
        *job,
    ]


def bare(folder: Path) -> dict[str, str]:
    """Variables of a machine that knows nothing of the checkout and its environment, but has a Java and a Python."""
    python = Path(sys._base_executable).resolve().parent
    home, scratch, settings = folder / "home", folder / "scratch", folder / "conf"
    for made in (home, scratch, settings):
        made.mkdir(exist_ok=True)
    return {
        "PATH": f"{python}:/usr/local/bin:/usr/bin:/bin",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "HOME": str(home),
        "JAVA_HOME": str(find_java()),
        "JAVA_TOOL_OPTIONS": " ".join(
            [
                f"-Djava.io.tmpdir={scratch}",  # killed processes leave archives there
                *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),  # six short-lived JVMs share two cores
            ]
        ),
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_CONF_DIR": str(settings),
        "SPARK_LOCAL_DIRS": str(scratch),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="tar")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(met: Callable[[], bool], seconds: float, log: Path) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)
