"""The guard of a benchmark: labels and images that must not be trained on leave the manifest, and are counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.labeling.classes import base_form, split_words
from pipeline.runtime.errors import InputError
from pipeline.sources.readers import BROKEN, format_of, read_table, readable

COLUMNS = ("phrase", "image_id")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What must not be trained on, as the file has it.

    Attributes:
        phrases: names of labels, sorted, each once.
        images: (image_id), each once.
    """

    phrases: tuple[str, ...]
    images: DataFrame


def read_held_out(spark: SparkSession, path: str) -> HeldOut:
    """The file of what is held out.

    Args:
        spark: the session.
        path: Parquet; CSV, TSV, JSON lines or ORC where the ending of the name says so. A column phrase or image_id,
            or both; a cell may be empty.

    Raises:
        InputError: there is no such file, it is not readable, it has neither column, a row is broken, or nothing is in
            it. What is not understood is never passed over: it would be trained on.
    """
    table = read_table(spark, "held-out file", path, format_of(path), {})
    found = [name for name in COLUMNS if name in table.columns]
    if not found:
        raise InputError(f"{path}: no column {' or '.join(COLUMNS)}; it has {', '.join(table.columns)}.")
    kinds = dict(table.dtypes)
    nested = [name for name in found if kinds[name].partition("<")[0] in ("array", "map", "struct", "binary")]
    if nested:
        raise InputError(f"{path}: column {nested[0]} is {kinds[nested[0]]}, expected a string or a number.")
    none = F.lit(None).cast("string")
    cells = {name: F.trim(F.col(name).cast("string")) if name in found else none for name in COLUMNS}
    rows = table.select(*(cell.alias(name) for name, cell in cells.items()))
    with readable(path):
        if BROKEN in table.columns:
            broken = table.select(*found, BROKEN).where(F.col(BROKEN).isNotNull()).orderBy(BROKEN).head(1)
            if broken:
                raise InputError(f"{path}: the row {broken[0][BROKEN][:200]!r} cannot be read. Mend or delete it.")
        foreign = rows.where("contains(phrase, '\ufffd') or contains(image_id, '\ufffd')").orderBy(*COLUMNS).head(1)
        if foreign:
            raise InputError(f"{path}: the row {tuple(foreign[0])} holds bytes that are no UTF-8. Save it in UTF-8.")
        phrases = rows.where("phrase != ''").select("phrase").distinct().orderBy("phrase").collect()
        if not phrases and not rows.where("image_id != ''").head(1):
            raise InputError(
                f"{path}: no row holds a phrase or image_id. Set publish.held_out = '' to hold out nothing."
            )
    return HeldOut(tuple(row.phrase for row in phrases), rows.where("image_id != ''").select("image_id").distinct())


def find_labels(phrases: Sequence[str], names: Iterable[tuple[int, str, str]]) -> tuple[set[int], list[str]]:
    """The labels that phrases name: by any member, in its base form, in the language of the member.

    A guard errs on the safe side: a label is held out with all its members where one of them is named.

    Args:
        phrases: as people write them.
        names: label_id, phrase and language of each member, and of each label that has none.

    Returns:
        label_ids, and the phrases that no label has.
    """
    by_language: dict[str, dict[str, set[int]]] = {}
    for label_id, phrase, language in names:
        forms = by_language.setdefault(language, {})
        forms.setdefault(base_form(split_words(phrase, language), language), set()).add(label_id)
    labels: set[int] = set()
    unknown = []
    for phrase in phrases:
        found = [
            forms.get(base_form(split_words(phrase, language), language), set())
            for language, forms in sorted(by_language.items())
        ]
        labels.update(*found)
        if not any(found):
            unknown.append(phrase)
    return labels, unknown


def leave_out(
    assignments: DataFrame, label_ids: Iterable[int], images: DataFrame, *, whole_images: bool
) -> tuple[DataFrame, DataFrame]:
    """Assignments without what is held out.

    Args:
        assignments: the table `assignments`.
        label_ids: labels that are held out.
        images: (image_id) that are held out; reposts have been traced to their originals.
        whole_images: whether an image with a held-out label leaves with all its labels.

    Returns:
        What stays, and (image_id, reason) of the images of which nothing does: held_out_image, held_out_label.
    """
    spark = assignments.sparkSession
    labels = F.broadcast(spark.createDataFrame([(label,) for label in sorted(label_ids)], "label_id int"))
    others = assignments.join(images, "image_id", "left_anti")
    stays = others.join(labels, "label_id", "left_anti")
    if whole_images:
        stays = stays.join(others.join(labels, "label_id", "left_semi").select("image_id"), "image_id", "left_anti")
    named = images.select("image_id", F.lit("held_out_image").alias("reason"))
    lost = (
        assignments.select("image_id")
        .distinct()
        .join(stays.select("image_id"), "image_id", "left_anti")
        .join(named, "image_id", "left")
        .select("image_id", F.coalesce("reason", F.lit("held_out_label")).alias("reason"))
    )
    return stays.select(*assignments.columns), lost
