"""The road: every stage, the tables that it reads and writes, in order. Jobs that make tables know only this.

A stage reads tables, hands them to the functions of the packages, writes what they give, and counts. Reading, writing
and Spark's actions happen in this package; what is computed is decided in the others.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.review import trial
from pipeline.runtime.cli import Arguments, run_job
from pipeline.runtime.config import Config
from pipeline.runtime.road import Run, Stage, walk
from pipeline.stages import reading
from pipeline.stages.assigning import assign_labels
from pipeline.stages.clustering import cluster
from pipeline.stages.embedding import embed_phrases
from pipeline.stages.growth.labels import cluster_grown
from pipeline.stages.growth.phrases import mine_grown
from pipeline.stages.growth.publishing import publish_grown, report_grown
from pipeline.stages.growth.signals import ingest_grown
from pipeline.stages.ingesting import ingest
from pipeline.stages.matching import match_members
from pipeline.stages.mining import mine_candidates
from pipeline.stages.normalizing import normalize
from pipeline.stages.publishing import publish_manifest, write_report
from pipeline.vocabulary.encoding import encoders

_TAUGHT = ("signals", "images", "origins", "vocabulary", "learnt", "evidence", "assignments")
ROAD = (
    Stage("ingest", "row", (), ("signals", "images"), ingest, reading.sources),
    Stage("normalize", "row", ("signals", "images"), ("texts", "mentions", "origins"), normalize),
    Stage(
        *("mine_candidates", "phrase", ("signals", "texts", "mentions"), ("candidates", "contexts")),
        *(mine_candidates, reading.setting("mine.dictionary")),
    ),
    Stage("embed", "phrase", ("candidates",), ("embeddings",), embed_phrases),
    Stage(
        *("cluster", "phrase", ("candidates", "contexts", "embeddings"), ("vocabulary", "members")),
        *(cluster, reading.earlier_labels),
    ),
    Stage("match", "text", ("texts", "mentions", "vocabulary", "members"), ("evidence",), match_members),
    Stage(
        *("assign", "image", ("mentions", "vocabulary", "evidence"), ("trust", "learnt", "assignments")),
        *(assign_labels, reading.setting("labeling.trusted")),
    ),
    Stage(
        *("publish", "image", _TAUGHT, ("labels", "manifest")),
        *(publish_manifest, reading.setting("publish.held_out", "publish.audit")),
    ),
    Stage("report", "image", ("labels", "members", "manifest"), (), write_report),
)

_OTHERWISE: Mapping[str, Mapping[str, Any]] = {  # in a run that grows from another one, by stage
    "ingest": {"work": ingest_grown, "writes": ("signals", "waiting", "images")},
    "mine_candidates": {"work": mine_grown},
    "cluster": {"work": cluster_grown},
    "publish": {"work": publish_grown, "whole": True},
    "report": {"work": report_grown, "whole": True},
}
GROWN_ROAD = tuple(dataclasses.replace(stage, **_OTHERWISE.get(stage.name, {})) for stage in ROAD)

_REUSE = (
    "weigh the evidence of a finished run anew, with other settings of [assign], [labeling] and [publish]; "
    "go on with jobs/mine.py --resume and the same settings"
)


def road_of(config: Config) -> tuple[Stage, ...]:
    """The stages of a run: some do other work where it grows from another one."""
    return GROWN_ROAD if config.growth.base else ROAD


def run_stage(name: str, doc: str, argv: Sequence[str] | None = None) -> int:
    """Run one stage as a job; gives the exit code."""

    def work(arguments: Arguments) -> None:
        needed = encoders.libraries(arguments.config.embed) if name == "embed" else ()
        walk([stage for stage in road_of(arguments.config) if stage.name == name], arguments, needed)

    return run_job(doc, argv, work, reuse=_REUSE if name == "assign" else None)


def run_road(doc: str, argv: Sequence[str] | None = None) -> int:
    """Run all stages as one job, as far as --until says; gives the exit code."""

    def work(arguments: Arguments) -> None:
        encoders.check(arguments.config)  # before minutes of mining
        walk(road_of(arguments.config), arguments, encoders.libraries(arguments.config.embed))

    return run_job(doc, argv, work, [stage.name for stage in ROAD])


def run_evaluation(doc: str, argv: Sequence[str] | None = None) -> int:
    """Judge a finished run, and what other methods make of its tables; gives the exit code."""

    def remake(run: Run) -> None:
        cluster(run)
        match_members(run)
        assign_labels(run)

    def reassign(run: Run) -> None:
        assign_labels(run)

    return trial.run_trials(doc, argv, remake, reassign)
