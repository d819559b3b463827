"""The published tree in Croissant's words, so that tools find its tables, columns and their meaning."""

from typing import Any

from pyspark.sql.types import ArrayType, DataType, DoubleType, FloatType, IntegerType, LongType, StringType

from pipeline.runtime.schema import load_schema

FOLDERS = {
    "manifest": ("data/train/*.parquet", "data/validation/*.parquet"),
    "labels": ("labels/*.parquet",),
    "members": ("members/*.parquet",),
    "evidence": ("evidence/*.parquet",),
}
_TYPES: dict[type[DataType], str] = {
    StringType: "sc:Text",
    IntegerType: "sc:Integer",
    LongType: "sc:Integer",
    FloatType: "sc:Float",
    DoubleType: "sc:Float",
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe_tree(run_id: str, created: str, licence: str) -> dict[str, Any]:
    """Croissant 1.0 of a published tree, as a JSON-LD object.

    Tables, columns and descriptions are those of the schemas; the files are found by pattern below the folder that
    holds croissant.json, so that the tree can be copied as it is.

    Args:
        run_id: the run that made the tree; its version.
        created: when, ISO 8601.
        licence: name or address of the licence of images and texts.
    """
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"labels-{run_id}",
        "description": "Images with the labels that text about them gives, and what balancing a long tail needs.",
        "datePublished": created,
        "license": licence,
        "version": "1.0.0",
        "distribution": [_files(table) for table in FOLDERS],
        "recordSet": [_records(table) for table in FOLDERS],
    }


def _files(table: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table}-files",
        "name": f"{table}-files",
        "description": f"Parquet files of the table {table}.",
        "encodingFormat": "application/x-parquet",
        "includes": list(FOLDERS[table]),
    }


def _records(table: str) -> dict[str, Any]:
    schema = load_schema(table)
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": schema.description,
        "key": [{"@id": f"{table}/{name}"} for name in schema.key],
        "field": [_field(table, item.name, item.dataType, item.metadata["comment"]) for item in schema.struct],
    }


def _field(table: str, name: str, kind: DataType, comment: str) -> dict[str, Any]:
    repeated = isinstance(kind, ArrayType)
    element = kind.elementType if isinstance(kind, ArrayType) else kind
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{name}",
        "name": name,
        "description": comment,
        "dataType": _TYPES[type(element)],
        **({"repeated": True} if repeated else {}),
        "source": {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": name}},
    }
