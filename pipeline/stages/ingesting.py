"""Sources to signals and images."""

import dataclasses
import functools

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from pipeline.runtime.errors import InputError
from pipeline.runtime.road import Run
from pipeline.sources import corpora, mapping, readers
from pipeline.stages.rejects import as_rejects, null, write_rejects


def ingest(run: Run) -> tuple[int, int]:
    """Sources to signals and images."""
    facts, pictures, lost_images = [], [], []
    for source in run.config.sources:
        if source.corpus:
            corpus = corpora.read_corpus(source.corpus)
            table, listed = run.spark.createDataFrame(corpus.signals), run.spark.createDataFrame(corpus.images)
            pictures.append(listed.select("image_id", "image_uri", null("duplicate_of")))
            source = dataclasses.replace(
                source, signal_column="signal", count="count", contributor="contributor", language="language"
            )
        else:
            table = readers.read_table(run.spark, source.name, str(source.path), source.format, source.options)
        facts.append(mapping.to_facts(table, source))
    for images in run.config.images:
        table = readers.read_table(run.spark, images.name, images.path, images.format, images.options)
        listed = mapping.to_images(table, images)
        pictures.append(listed.where("reason is null").select("image_id", "image_uri", "duplicate_of"))
        lost_images.append(listed.where("reason is not null").select("source", "reason", null("raw")))
    every = functools.reduce(DataFrame.unionByName, facts)
    usable = every.where("reason is null")
    seen = Observation("facts")
    with readers.readable("sources"):
        signals = every.observe(seen, F.count(F.lit(1)).alias("rows")).where("reason is null")
        rows_out = run.tables.write("signals", signals.drop("image_uri", "reason", "raw"))
        pictures.append(usable.select("image_id", "image_uri", null("duplicate_of")))
        rejects = [as_rejects("row", every.where("reason is not null").drop("count"))]
        rejects += [as_rejects("image", frame) for frame in lost_images]
        write_rejects(run, "ingest", rejects)
        known = mapping.collect_images(pictures)
        if any(images.duplicate_of for images in run.config.images):
            known = mapping.point_to_originals(known, _follow_reposts(known))
        run.tables.write("images", known)
    if not rows_out:
        raise InputError("no usable row in any source; the reasons are in the table rejects of the run.")
    return int(seen.get["rows"]), rows_out


def _follow_reposts(images: DataFrame) -> DataFrame:
    """(image_id, duplicate_of) of the reposts, followed until none leads to a repost; circles are left chained."""
    links = images.where("duplicate_of is not null").select("image_id", "duplicate_of").persist()
    for _ in range(16):  # each round doubles the reach: chains of 65,536 links
        if not mapping.chained(links).head(1):
            break
        links = mapping.follow(links).persist()
    return links
