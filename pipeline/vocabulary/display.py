"""How people write the words of names: texts are mined in lower case, and a name is shown as 'Eiffel Tower' or 'NASA'.

What tells is the inside of running text (Lita et al., "tRuEcasIng", ACL 2003): the first word of a text is written in
capitals whatever it is, a headline writes all its words so, and people who write none at all say nothing either.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

FEWEST_TEXTS = 2  # distinct texts that write a word so: one may be a slip
_BETWEEN_WORDS = r"[^\p{L}\p{M}\p{N}'’&-]+"
_SMALL, _CAPITAL = r"^\p{Ll}", r"\p{Lu}"


def count_spellings(signals: DataFrame, words: DataFrame) -> DataFrame:
    """(language, word, spelling, texts): in how many distinct texts each word is written how.

    Counted are texts with a capital letter of which most words after the first begin in lower case, without the first.

    Args:
        signals: the table signals; a text without a stated language counts under ''.
        words: distinct `word`s to look for, in lower case; few.
    """
    primary = F.lower(F.split_part(F.coalesce("language", F.lit("")), F.lit("-"), F.lit(1)))
    texts = signals.where(F.col("text").rlike(_CAPITAL)).select("text", primary.alias("language")).distinct()
    every = F.filter(F.split("text", _BETWEEN_WORDS), lambda word: word != "")
    texts = texts.select("language", F.slice(every, 2, 1 << 30).alias("inside")).where(_is_running("inside"))
    said = texts.select("language", F.explode(F.array_distinct("inside")).alias("spelling"))
    said = said.withColumns({"word": F.lower("spelling")}).join(F.broadcast(words.select("word")), "word")
    return said.groupBy("language", "word", "spelling").agg(F.count(F.lit(1)).alias("texts"))


def choose_spellings(counts: pa.Table) -> dict[tuple[str, str], str]:
    """(language, word) -> its most frequent spelling; of two as frequent the one with fewer capitals, then by letters.

    Args:
        counts: what `count_spellings` gives, in any order.
    """

    def rank(row: dict[str, Any]) -> tuple[int, int, str]:
        return -row["texts"], sum(map(str.isupper, row["spelling"])), row["spelling"]

    best: dict[tuple[str, str], str] = {}
    for row in sorted(counts.to_pylist(), key=rank):
        if row["texts"] >= FEWEST_TEXTS:
            best.setdefault((row["language"], row["word"]), row["spelling"])
    return best


def words_of(vocabulary: pa.Table) -> pa.Table:
    """(word): the distinct words of all names, sorted."""
    return pa.table({"word": pa.array(sorted({word for name in _plain(vocabulary) for word in name}), pa.string())})


def add_display(vocabulary: pa.Table, spellings: Mapping[tuple[str, str], str]) -> pa.Table:
    """The vocabulary with the column display: names in the letters that people write them with.

    Args:
        vocabulary: names and language are used.
        spellings: (language, word) -> spelling; language '' serves where a language has none. Other words stay.
    """
    shown = [
        " ".join(spellings.get((language, word), spellings.get(("", word), word)) for word in name)
        for name, language in zip(_plain(vocabulary), vocabulary["language"].to_pylist(), strict=True)
    ]
    return vocabulary.append_column("display", pa.array(shown, pa.string()))


def _plain(vocabulary: pa.Table) -> list[list[str]]:
    """The words of each name, without what makes it unique."""
    return [names[0].split(" ") for names in vocabulary["names"].to_pylist()]


def _is_running(words: str) -> Column:
    """Whether more than half of the words begin in lower case."""
    small = F.size(F.filter(words, lambda word: word.rlike(_SMALL)))
    return small * 2 > F.size(words)
