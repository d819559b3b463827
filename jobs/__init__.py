"""One spark-submit entry a verb."""
