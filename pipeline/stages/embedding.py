"""Candidates to vectors, by way of the cache."""

import functools

from pipeline.runtime import files
from pipeline.runtime.road import Run, log
from pipeline.stages.growth.phrases import FRESH
from pipeline.stages.rejects import as_rejects, null, write_rejects
from pipeline.vocabulary.encoding import cache, embed, encoders


def embed_phrases(run: Run) -> tuple[int, int]:
    """Kept candidates to vectors, by way of the cache."""
    mined, config, part = run.read("candidates"), run.config.embed, ""
    if run.history:  # vectors of the base's phrases are there
        known = run.history.read("embeddings").select("phrase_id")
        mined = run.tables.read("candidates", FRESH).join(known, "phrase_id", "left_anti")
        run.tables.adopt("embeddings", run.history.base.tables)
        part = run.run_id
    languages, identity = encoders.known_languages(config), encoders.fingerprint(config.encoder, config.backend)
    store = config.cache or files.join(run.root, "cache")
    vectors = cache.VectorCache(run.spark, store, identity)
    encoders.prepare(config.encoder, store)
    encode = functools.partial(
        embed.encode_phrases, encoder=config.encoder, backend=config.backend, store=files.absolute(store)
    )
    amount = vectors.add(embed.new_phrases(mined, vectors.phrases(), languages), encode)
    rows_out = run.tables.write(
        "embeddings", embed.attach_vectors(mined, vectors.read(), identity, languages), part=part
    )
    lost = embed.without_vector(mined, run.read("embeddings"), languages)
    write_rejects(run, "embed", [as_rejects("phrase", lost.select(null("source"), "reason", "raw", "count"))])
    log.info("  %s: %d phrases encoded, %d vectors", identity, amount, rows_out)
    return mined.where("kept").count(), rows_out
