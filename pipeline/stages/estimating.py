"""The estimate as a job: what a larger run takes, told from the records of finished ones; no stage is run."""

from collections.abc import Sequence

from pipeline.review.estimate import job as estimate


def run_estimate(doc: str, argv: Sequence[str] | None = None) -> int:
    """Foretell a larger run from finished ones; gives the exit code: 0 done, 2 unusable input."""
    return estimate.run_estimate(doc, argv)
