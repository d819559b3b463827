"""Schemas of the tables as Spark has them, and what rows must fulfil: columns and types, nulls, key, references."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructType

from pipeline.runtime.errors import SchemaError
from pipeline.runtime.schema_files import newest_schema


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table of the house, as its JSON file states it."""

    name: str
    version: int
    description: str
    key: tuple[str, ...]
    references: tuple[tuple[str, tuple[str, ...]], ...]  # (column, tables to whose keys together it points)
    struct: StructType

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that are never null."""
        return tuple(field.name for field in self.struct if not field.nullable)


@functools.cache
def load_schema(name: str) -> TableSchema:
    """The newest version of a table's schema.

    Raises:
        SchemaError: there is no such table.
    """
    raw = newest_schema(name)
    columns = dict.fromkeys(item["column"] for item in raw["references"])
    references = tuple(
        (column, tuple(item["table"] for item in raw["references"] if item["column"] == column)) for column in columns
    )
    struct = StructType.fromJson(dict(raw))
    return TableSchema(raw["table"], raw["version"], raw["description"], tuple(raw["key"]), references, struct)


def conform(df: DataFrame, schema: TableSchema) -> DataFrame:
    """The columns of the schema, in its order.

    Raises:
        SchemaError: with every missing, surplus or mistyped column at once.
    """
    found = {field.name: field.dataType for field in df.schema}
    wanted = {field.name: field.dataType for field in schema.struct}
    faults = [f"column {name!r} is missing" for name in wanted if name not in found]
    faults += [f"column {name!r} is not in the schema" for name in found if name not in wanted]
    faults += [
        f"column {name!r} is {found[name].simpleString()}, expected {wanted[name].simpleString()}"
        for name in wanted
        if name in found and _plain(found[name]) != _plain(wanted[name])
    ]
    if faults:
        raise SchemaError(
            f"{schema.name} v{schema.version}: {'; '.join(faults)}. "
            f"Fix the producer or add schemas/{schema.name}.v{schema.version + 1}.json."
        )
    return df.select(*wanted)


def check_rows(rows: DataFrame, schema: TableSchema, listed: Callable[[str], Sequence[DataFrame]]) -> int:
    """Check nulls, key and references by the data; gives the number of rows.

    Args:
        rows: with the columns of the schema.
        schema: of the table.
        listed: given a table to which the rows may point, its rows, in as many frames as there are.

    Raises:
        SchemaError: the rows break the schema.
    """
    totals = _count(rows, schema)
    faults = _find_nulls(rows, schema) if totals.holes else []
    if totals.clashes:
        twice = rows.groupBy(*schema.key).count().where("count > 1").orderBy(*schema.key).limit(3).collect()
        faults += [f"key {tuple(row[name] for name in schema.key)} on {row['count']} rows" for row in twice]
    for column, tables in schema.references:
        known = [
            frame.select(F.col(load_schema(table).key[0]).alias(column)) for table in tables for frame in listed(table)
        ]
        lost = _find_lost(rows.select(column), known, column)
        faults += [f"{column} = {row[0]!r} is not in {' or '.join(tables)}" for row in lost]
    if faults:
        raise SchemaError(f"{schema.name} v{schema.version}: {'; '.join(faults)}. Nothing was published.")
    return int(totals.rows or 0)


def _count(rows: DataFrame, schema: TableSchema) -> Row:
    """Rows, rows with a null where none may be, and hashes of the key that several rows have, in one pass.

    Rows of one key have one hash, which with two counts is what is sent, however long the key. Where two keys share one
    the key itself has to be looked at: among a billion rows that is to be expected in one table of forty.
    """
    hole = functools.reduce(Column.__or__, (F.col(name).isNull() for name in schema.required), F.lit(False))
    counts = [F.count(F.lit(1)).alias("rows"), F.count_if(hole).alias("holes")]
    if not schema.key:
        return rows.agg(*counts, F.lit(0).alias("clashes")).collect()[0]
    each = rows.groupBy(F.xxhash64(*schema.key)).agg(*counts)
    sums = [F.sum("rows").alias("rows"), F.sum("holes").alias("holes")]
    return each.agg(*sums, F.count_if(F.col("rows") > 1).alias("clashes")).collect()[0]


def _find_nulls(rows: DataFrame, schema: TableSchema) -> list[str]:
    found = rows.agg(*(F.count_if(F.col(name).isNull()).alias(name) for name in schema.required)).collect()[0]
    return [f"{found[name]} nulls in {name!r}" for name in schema.required if found[name]]


def _find_lost(named: DataFrame, known: Sequence[DataFrame], column: str) -> list[Row]:
    """The first three values, rising, that are named and not known; one shuffle of both, and nothing is sorted."""
    sides = [named.withColumns({"lost": F.lit(True)}), *(frame.withColumns({"lost": F.lit(False)}) for frame in known)]
    both = functools.reduce(DataFrame.unionByName, sides)
    found = both.groupBy(column).agg(F.bool_and("lost").alias("lost"))
    return found.where("lost").select(column).orderBy(column).limit(3).collect()


def _plain(kind: DataType) -> str:
    return kind.simpleString()  # without nullability: Spark turns every field nullable on reading
