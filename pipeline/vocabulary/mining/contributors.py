"""Contributors' own names among the phrases: who signs a work labels nothing by it.

People sign their titles and file names, and shops their tags. Where a source states the contributor, the data say so
themselves: a phrase is a signature where nearly all images that say it are by contributors whose own name holds it,
whole or in part; and so is a longer phrase that holds a signature, on its own images by the same rule. A name that
other people's images say too is a word: park, rose.

Names and phrases are compared by their letters and digits alone, in any language: 'jarno vasamaa' is jarnovasamaa too.
"""

import unicodedata
from collections.abc import Iterator, Sequence

import pyarrow as pa
import regex
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.tasks import map_batches
from pipeline.text.tokens import split_hashtag, tokenize
from pipeline.text.unicode import fold_case, repair

_LONGEST = 16  # words of a name that are looked at: the longer ones are sentences
# Contributors of an image that is still one person's own. What many people repost is nobody's, and of a crowd there is
# always one whose board is called like the thing.
_FEW = 4
_PIECE = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_SIGN = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
_LETTER = regex.compile(r"\p{L}")
_ACCENT = regex.compile(r"(?<=\p{Latin}\p{M}*)\p{M}")
_RUNS = pa.schema([("voice", pa.int64()), ("run", pa.string())])


def name_runs(name: str, most: int) -> set[str]:
    """All runs of up to `most` words of a contributor's name, each as its letters and digits in lower case.

    The name is read as texts are, in Turkish too where that differs; as a handle (jarno_v, JarnoV); and without the
    accents of Latin letters, which file names lose. Its words stand in a circle, since catalogues put the family name
    first. A single letter or a number is no run.

    Args:
        name: as the source states it.
        most: words of the longest phrase that is mined.
    """
    text = repair(name)[0]
    bare = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))
    readings = [tokenize(fold_case(text)), tokenize(fold_case(text, "tr")), tokenize(fold_case(bare))]
    readings += [
        [fold_case(word) for piece in _PIECE.findall(form) for word in split_hashtag(piece)] for form in (text, bare)
    ]
    return {run for words in readings for run in _circle([_SIGN.sub("", word) for word in words], most)}


def read_names(signals: DataFrame, most: int) -> DataFrame:
    """(voice, run): hashes of each contributor, as the table mentions has them, and of each run of the name.

    Who is called like a board that they fill is that board, and no person: all on it would say its name.

    Python, since words are cut by it; once a distinct contributor. No name leaves it but as a hash.

    Args:
        signals: the table signals, or those of its rows that state a contributor.
        most: words of the longest phrase.
    """
    called = F.lower(F.trim("text")) == F.lower(F.trim("contributor"))
    people = (
        signals.where("contributor is not null")
        .groupBy("contributor")
        .agg(F.max((F.col("signal") == "board") & called).alias("is_board"))
        .where(~F.col("is_board"))
        .select(F.xxhash64("contributor").alias("voice"), "contributor")
    )

    def cut(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            pairs = zip(batch.column("voice").to_pylist(), batch.column("contributor").to_pylist(), strict=True)
            rows = [(voice, run) for voice, name in pairs for run in sorted(name_runs(name, most))]
            voices, runs = zip(*rows, strict=True) if rows else ((), ())
            yield pa.record_batch([pa.array(voices, pa.int64()), pa.array(runs, pa.string())], schema=_RUNS)

    return map_batches(people, cut, "voice long, run string").select("voice", F.xxhash64("run").alias("run"))


def find_signatures(phrases: DataFrame, spoken: DataFrame, names: DataFrame, share: float) -> DataFrame:
    """(phrase_id) of each phrase that is a contributor's name, whole or in part, or that holds one.

    Phrases that are spelt alike count together, whatever their language.

    Args:
        phrases: phrase_id, phrase, n_words and images of each.
        spoken: what `candidates.by_image` gives.
        names: what `read_names` gives; read twice.
        share: of the images that say a phrase, more than so many are by a contributor whose name it is.
    """
    spelled = phrases.select("phrase_id", "images", "phrase", "n_words", _key(F.split("phrase", " ")).alias("run"))
    whole = spelled.join(names, "run").select("phrase_id", "voice")
    own = _signed(spelled, whole, spoken, share)
    held = (
        spelled.where("n_words > 1")
        .select("phrase_id", F.explode(F.array_distinct(_parts())).alias("run"))
        .join(own.select("run").distinct(), "run")
        .join(names, "run")
        .select("phrase_id", "voice")
        .distinct()
    )
    longer = _signed(spelled, held, spoken, share)
    return own.select("phrase_id").union(longer.select("phrase_id")).distinct()


def _signed(spelled: DataFrame, bearers: DataFrame, spoken: DataFrame, share: float) -> DataFrame:
    """(phrase_id, run) of the phrases of which more than a share of the images are by their bearers.

    Args:
        spelled: phrase_id, run and images.
        bearers: (phrase_id, voice), each pair once: whose names hold the phrase, or a part of it.
        spoken: what `candidates.by_image` gives.
        share: of the images of a run.
    """
    wanted = F.broadcast(bearers.select("phrase_id").distinct())
    on = spoken.select("key", F.explode("phrases").alias("phrase_id")).join(wanted, "phrase_id", "left_semi")
    people = spoken.select("key", F.explode(F.slice("contributors", 1, _FEW + 1)).alias("voice")).distinct()
    crowd = F.count(F.lit(1)).over(Window.partitionBy("key"))
    few = people.withColumns({"crowd": crowd}).where(F.col("crowd") <= _FEW).select("key", "voice")
    signed = (
        on.distinct()
        .join(few, "key")
        .join(bearers, ["phrase_id", "voice"], "left_semi")
        .groupBy("phrase_id")
        .agg(F.count_distinct("key").alias("signed"))
    )
    counted = spelled.join(wanted, "phrase_id", "left_semi").join(signed, "phrase_id", "left")
    all_spelt_so = Window.partitionBy("run")
    part = F.sum(F.coalesce("signed", F.lit(0))).over(all_spelt_so) / F.sum("images").over(all_spelt_so)
    return counted.select("phrase_id", "run", part.alias("part")).where(F.col("part") > share).drop("part")


def _circle(words: Sequence[str], most: int) -> Iterator[str]:
    """Runs of the words in a circle, joined; of two letters and more."""
    said = [word for word in words if word][:_LONGEST]
    for start in range(len(said)):
        for n in range(1, min(most, len(said)) + 1):
            run = "".join((said + said)[start : start + n])
            if len(run) > 1 and _LETTER.search(run):
                yield run


def _parts() -> Column:
    """Keys of all runs of a phrase's words that are shorter than it."""
    words, size = F.split("phrase", " "), F.col("n_words")

    def of_length(n: Column) -> Column:
        return F.transform(F.sequence(F.lit(1), size - n + 1), lambda start: _key(F.slice(words, start, n)))

    return F.flatten(F.transform(F.sequence(F.lit(1), size - 1), of_length))


def _key(words: Column) -> Column:
    """The hash of the letters and digits of some words."""
    return F.xxhash64(F.regexp_replace(F.array_join(words, ""), r"[^\p{L}\p{M}\p{N}]+", ""))
