"""Where labelled images come from: what a card must say of their hosts, contributors and languages."""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Origins:
    """How far labelled images come from few places.

    Attributes:
        hosts: host of image_uri -> images, the ten most frequent; `files` without a host, `not stated` without an uri.
        other_hosts: images of all other hosts.
        languages: language of a text -> facts, the ten most frequent.
        other_languages: facts in all other languages.
        contributors: people, boards or accounts that are known to say something of a labelled image.
        known: labelled images of which at least one contributor is known.
        largest: images of the contributor with most of them.
        ten_largest: images of the ten with most, an image of two counted twice.
    """

    hosts: dict[str, int]
    other_hosts: int
    languages: dict[str, int]
    other_languages: int
    contributors: int
    known: int
    largest: int
    ten_largest: int


def find_origins(manifest: DataFrame, mentions: DataFrame, texts: DataFrame) -> Origins:
    """Count hosts, languages and contributors of labelled images.

    Args:
        manifest: image_id and image_uri of the labelled images.
        mentions: the table `mentions`.
        texts: the table `texts`.
    """
    host = F.regexp_extract("image_uri", r"(?i)^(?!file:)[a-z][a-z0-9+.-]*://(?:[^/@]*@)?([^/:?#]+)", 1)
    place = F.when(F.col("image_uri").isNull(), "not stated").when(host == "", "files").otherwise(F.lower(host))
    hosts, other_hosts = _most(manifest.groupBy(place.alias("name")).agg(F.count(F.lit(1)).alias("n")))
    said = mentions.join(manifest.select("image_id"), "image_id", "left_semi")
    spoken = said.join(texts.select("text_id", "language"), "text_id")
    languages, others = _most(spoken.groupBy(F.col("language").alias("name")).agg(F.sum("count").alias("n")))
    pairs = said.select("image_id", F.explode("contributors").alias("who")).distinct()
    owned = pairs.groupBy("who").agg(F.count(F.lit(1)).alias("n"))
    largest = [row.n for row in owned.orderBy(F.desc("n")).limit(_SHOWN).collect()]
    return Origins(
        hosts=hosts,
        other_hosts=other_hosts,
        languages=languages,
        other_languages=others,
        contributors=owned.count(),
        known=pairs.select("image_id").distinct().count(),
        largest=max(largest, default=0),
        ten_largest=sum(largest),
    )


def _most(counted: DataFrame) -> tuple[dict[str, int], int]:
    """The ten largest of (name, n), and the sum of the others."""
    rows = counted.orderBy(F.desc("n"), "name").limit(_SHOWN).collect()
    total = counted.agg(F.sum("n")).first()
    shown = {row.name: int(row.n) for row in rows}
    return shown, int((total[0] if total else 0) or 0) - sum(shown.values())
