"""Processes of a run are killed at random moments, one after the other; what was gone on with equals what was not."""

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from ledger import note
from small_run import command, digests

from pipeline.stages import ROAD

KILLS = int(os.environ.get("KILLS", "30"))
SEED = int(os.environ.get("KILL_SEED", "0"))
VICTIMS = ("driver", "java", "worker", "daemon", "all")


@dataclass
class Chain:
    """One run that is started, killed and gone on with until it is done."""

    folder: Path
    run_id: str
    span: float  # seconds into a process at which it is killed at the latest
    kills: list[tuple[str, str]] = field(default_factory=list)

    @property
    def record(self) -> Path:
        return self.folder / "runs" / self.run_id / "run.json"

    def start(self) -> subprocess.Popen[str]:
        arguments = ["--config", f"{self.folder}/run.toml", "--run-root", f"{self.folder}/runs"]
        arguments += ["--resume" if self.record.exists() else "--run-id", self.run_id]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command("mine", *arguments), start_new_session=True, text=True, **pipes)

    def stage(self) -> str:
        """The stage that is at work."""
        done = json.loads(self.record.read_text())["stages"] if self.record.exists() else []
        return ROAD[len(done)].name if len(done) < len(ROAD) else "end"


def test_kills_at_random_moments_change_nothing(finished: Path, expected: dict[str, str]) -> None:
    luck, made, runs = random.Random(SEED), 0, 0
    # As long as a run takes here when nothing disturbs it, so that all stages are met, on slow machines too.
    stages = json.loads((finished / "runs/whole/run.json").read_text())["stages"]
    span = sum(stage["seconds"] for stage in stages)
    while made < KILLS:
        chain = Chain(finished, f"killed-{runs}", span)
        while walk_once(chain, luck, KILLS - made - len(chain.kills)):
            pass
        same = digests(finished, chain.run_id) == expected
        leftovers = unreferenced(finished / "runs" / chain.run_id)
        for victim, stage in chain.kills:
            note(f"SIGKILL to {victim}", stage, "went on", "equal" if same else "DIFFERENT")
        assert same, chain.kills
        assert leftovers == [], chain.kills
        made += len(chain.kills)
        runs += 1
    sys.stdout.write(f"{made} kills in {runs} runs\n")


def walk_once(chain: Chain, luck: random.Random, left: int) -> bool:
    """Start or go on, and kill; whether the run is still to be finished."""
    process = chain.start()
    try:
        while True:
            try:
                out, err = process.communicate(timeout=luck.uniform(1, chain.span) if left > 0 else 600)
            except subprocess.TimeoutExpired:
                assert left > 0, "a run that nobody disturbs takes too long"
            else:
                assert process.returncode == 0, out + err
                return False
            victim, stage = luck.choice(VICTIMS), chain.stage()
            if not kill(process, victim):
                continue  # there was none of that kind at this moment
            chain.kills.append((victim, stage))
            left -= 1
            if victim in ("worker", "daemon"):
                continue  # Spark does the task again in another one
            out, err = process.communicate(timeout=120)
            if victim == "java" and process.returncode != 0:
                assert process.returncode == 2, out + err
                assert [line for line in err.splitlines() if line.startswith("error: ")], err
                assert "Traceback" not in err, err
            return process.returncode != 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def kill(process: subprocess.Popen[str], victim: str) -> bool:
    """Kill one of a run's processes; whether there was one."""
    driver = psutil.Process(process.pid)
    others = driver.children(recursive=True)
    java = [other for other in others if other.name() == "java"]
    pythons = [other for other in others if "pyspark.daemon" in " ".join(cmdline(other))]
    daemons = [other for other in pythons if other.parent() in java]
    chosen = {
        "driver": [driver],
        "java": java,
        "daemon": daemons,
        "worker": [other for other in pythons if other not in daemons],
        "all": [driver, *others],
    }[victim]
    if not chosen:
        return False
    for one in chosen if victim == "all" else chosen[:1]:
        try:
            one.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            if victim != "all":
                return False
    if victim == "driver":  # Java ends when the process that started it has
        _, alive = psutil.wait_procs(java, timeout=60)
        assert not alive, "Java goes on without its driver"
    return True


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def unreferenced(run: Path) -> list[str]:
    """Folders of tables that no pointer names."""
    named = {json.loads(pointer.read_text())["path"] for pointer in run.glob("tables/*.json")}
    files = {file.parent for file in (run / "tables").rglob("*.parquet")}
    return sorted({str(folder.relative_to(run)) for folder in files} - named)
