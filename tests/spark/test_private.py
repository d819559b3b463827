"""People's data in the sources: no table but signals holds them, whatever becomes of the text that they stand in."""

import json

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipeline.runtime.config import NormalizeConfig
from pipeline.text import normalize

SIGNALS = "image_id string, signal string, text string, language string, count long, contributor string, source string"
IMAGES = "image_id string, image_uri string, duplicate_of string"
PERSONAL = {
    "email": "jane.doe+pins@mail.example.com",
    "phone": "+49 170 1234567",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "handle": "@jane_doe_99",
}
# Texts that are kept, and texts that leave by each reason that shows them.
TEXTS = [
    "red sofa by {}",
    "{}",
    "{} {}",
    "IMG_1234 {}.jpg",
    "123456 {}",
    "write to {} " + "for a very long page " * 300,
    "porn {}",
    "\u200b{}\u0000",
    "<b>{}</b> &amp; chairs",
]


def test_no_personal_data_are_in_texts_mentions_and_rejects(spark: SparkSession) -> None:
    rows = [
        (f"i{place}", "title", text.replace("{}", person), "en", 1, f"{kind}:{person}", "pins")
        for place, text in enumerate(TEXTS)
        for kind, person in PERSONAL.items()
    ]
    repeated = [(f"b{n}", "description", f"Contact {PERSONAL['email']} now", "en", 1, None, "pins") for n in range(120)]
    signals = spark.createDataFrame([*rows, *repeated], SIGNALS)
    config = NormalizeConfig()
    cleaned = normalize.clean_distinct(signals, config).persist()
    images = spark.createDataFrame([], IMAGES)
    lost = normalize.rejected_facts(signals, cleaned, config)
    rejects = normalize.mask_raw(lost.withColumns({"count": F.lit(1)}))
    written = {
        "texts": normalize.distinct_texts(cleaned),
        "mentions": normalize.fold_mentions(signals, cleaned, images, config),
        "rejects": rejects,
    }
    found = {name: [row.asDict(recursive=True) for row in table.collect()] for name, table in written.items()}
    cleaned.unpersist()
    assert len(found["texts"]) > 2
    assert {row["reason"] for row in found["rejects"]} >= {"too_long", "unsafe"}
    shown = json.dumps(found, default=str, ensure_ascii=False).lower()
    digits = "".join(mark for mark in shown if mark.isalnum())
    for person in PERSONAL.values():
        assert person.lower() not in shown
        assert "".join(mark for mark in person.lower() if mark.isalnum()) not in digits
