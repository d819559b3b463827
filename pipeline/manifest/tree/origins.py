"""Where labelled images come from: what a card must say of their hosts, contributors and languages."""

from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.text.origins import CONTRIBUTOR, LANGUAGE

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Origins:
    """How far a manifest comes from few places.

    A mention is one text of one kind on one image, however often it was seen.

    Attributes:
        hosts: host of image_uri -> images, the ten most frequent; `files` without a host, `not stated` without an uri.
        other_hosts: images of all other hosts.
        languages: language of a text -> mentions, the ten most frequent.
        other_languages: mentions in all other languages.
        mentions: all of them.
        known: mentions by known contributors: people, boards or accounts; by several, counted for each.
        contributors: how many are known.
        largest: mentions by the one with most of them.
        ten_largest: mentions by the ten with most.
    """

    hosts: dict[str, int]
    other_hosts: int
    languages: dict[str, int]
    other_languages: int
    mentions: int
    known: int
    contributors: int
    largest: int
    ten_largest: int


def find_origins(manifest: DataFrame, origins: DataFrame) -> Origins:
    """Count hosts of labelled images, and find the largest contributors and languages of all that is said of any.

    Args:
        manifest: image_uri of the labelled images.
        origins: the table `origins`.
    """
    host = F.regexp_extract("image_uri", r"(?i)^(?!file:)[a-z][a-z0-9+.-]*://(?:[^/@]*@)?([^/:?#]+)", 1)
    place = F.when(F.col("image_uri").isNull(), "not stated").when(host == "", "files").otherwise(F.lower(host))
    hosts, other_hosts, _ = _most(manifest.groupBy(place.alias("name")).agg(F.count(F.lit(1)).alias("n")))
    counted = origins.select("kind", "name", F.col("mentions").alias("n"))
    languages, other_languages, _ = _most(counted.where(F.col("kind") == LANGUAGE))
    largest, others, contributors = _most(counted.where(F.col("kind") == CONTRIBUTOR))
    return Origins(
        hosts=hosts,
        other_hosts=other_hosts,
        languages=languages,
        other_languages=other_languages,
        mentions=sum(languages.values()) + other_languages,
        known=sum(largest.values()) + others,
        contributors=contributors,
        largest=max(largest.values(), default=0),
        ten_largest=sum(largest.values()),
    )


def _most(counted: DataFrame) -> tuple[dict[str, int], int, int]:
    """The ten largest of (name, n), the sum of the others, and the number of all."""
    counted = counted.persist(StorageLevel.DISK_ONLY)
    rows = counted.orderBy(F.desc("n"), "name").limit(_SHOWN).collect()
    total = counted.agg(F.sum("n").alias("n"), F.count(F.lit(1)).alias("all")).first()
    counted.unpersist()
    assert total is not None
    shown = {str(row.name): int(row.n) for row in rows}
    return shown, int(total.n or 0) - sum(shown.values()), int(total.all)
