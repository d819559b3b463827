"""The dataset card: what a published tree holds, how it was made, what is wrong with it, and how to load it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.manifest.balance.plan import choose_cap
from pipeline.manifest.tree.front_matter import SplitCount, front_matter
from pipeline.manifest.tree.origins import Origins
from pipeline.manifest.tree.sections import describe_bias, describe_origins, table
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.schema import load_schema


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card tells beside labels and settings.

    Attributes:
        held: label_ids that the validation split has.
        origins: hosts, contributors and languages of the images; not told where None.
        audit: band, judged, right, precision and interval of judged labels.
        drops: reason -> images that publishing left out.
    """

    held: frozenset[int] = frozenset()
    origins: Origins | None = None
    audit: Sequence[Sequence[object]] = ()
    drops: Mapping[str, int] = field(default_factory=dict)


def render_card(
    record: Mapping[str, Any],
    labels: pa.Table,
    counts: Sequence[SplitCount],
    config: PublishConfig,
    facts: CardFacts | None = None,
) -> str:
    """README.md of a published tree, in Markdown with YAML front matter.

    The front matter names the files of each table and split, and the classes of the label columns as far as there are
    at most 50,000 of them.

    Args:
        record: run.json of the run.
        labels: the table `labels`, sorted by label_id, so that places are ids.
        counts: of every split.
        config: section [publish].
        facts: what else is known.
    """
    facts = facts or CardFacts()
    parts = [
        front_matter(record, labels, counts, config),
        _summary(record, labels, counts),
        _sources(record, config),
        _splits(counts, config),
        _bands(labels, facts.held),
        table("## Languages of the labels", ("language", "labels", "image-label pairs"), _by(labels, "language")),
        *describe_origins(facts.origins),
        _making(record, labels, config),
        _precision(facts.audit),
        table("## What was dropped", ("stage", "unit", "reason", "how many"), _drops(record, facts.drops)),
        _columns(record),
        describe_bias(record, facts.origins),
        f"## Licence\n\n{config.licence} (as given by whoever ran the jobs; it covers their images and texts).",
        _LOADING,
    ]
    return "\n\n".join(parts) + "\n"


def _summary(record: Mapping[str, Any], labels: pa.Table, counts: Sequence[SplitCount]) -> str:
    images = sum(count.images for count in counts)
    return (
        f"# Labels of images, run {record['run_id']}\n\n"
        f"{images:,} images with {labels.num_rows:,} kinds of label. The labels were found in text about the images "
        f"({', '.join(record['signals'])}); nobody looked at the pictures, and pictures are not in here. "
        f"Made {record['created']} with settings {record['digest']}; all settings, versions and counts are in "
        f"`run.json`."
    )


def _sources(record: Mapping[str, Any], config: PublishConfig) -> str:
    rows = [
        (item["name"], item["signal"] or "several kinds", item.get("licence") or config.licence)
        for item in record["config"]["sources"]
    ]
    return table("## Sources", ("source", "kind of text", "licence, as given"), rows)


def _splits(counts: Sequence[SplitCount], config: PublishConfig) -> str:
    columns = ("split", "images", "image-label pairs", "images expected under the cap")
    whole = "An image with all its reposts is in one split alone."
    if config.split_by == "contributor":
        whole += " So are all images of a contributor; an image counts as theirs who said most of it, others said less."
    strata = ", among the images on which the same label is the rarest, and at least one of ten" * config.stratify
    return (
        table("## Splits", columns, [(c.split, c.images, c.pairs, c.kept) for c in counts])
        + f"\n\n{whole} Validation was drawn by a share of {config.validation_share:g}{strata}."
    )


def _bands(labels: pa.Table, held: frozenset[int]) -> str:
    band, images = np.array(labels["band"].to_pylist(), dtype=str), labels["images"].to_numpy()
    shown = labels["expected_images"].to_numpy()
    validated = np.isin(np.arange(len(images)), sorted(held))
    lines = []
    for name in ("head", "torso", "tail"):
        here = band == name
        found = images[here]
        span = f"{found.min():,} to {found.max():,}" if found.size else "none"
        lines.append(
            (name, found.size, int(found.sum()), span, round(float(shown[here].sum())), int(validated[here].sum()))
        )
    columns = ("band", "labels", "image-label pairs", "images a label", "pairs shown an epoch", "labels in validation")
    return table("## Long tail", columns, lines)


def _by(labels: pa.Table, column: str) -> list[tuple[str, int, int]]:
    """Labels and pairs of each value, most labels first."""
    grouped = labels.group_by(column).aggregate([("images", "count"), ("images", "sum")]).to_pylist()
    found = [(row[column], row["images_count"], row["images_sum"]) for row in grouped]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def _making(record: Mapping[str, Any], labels: pa.Table, config: PublishConfig) -> str:
    settings = record["config"]
    mine, cluster, assign = settings["mine"], settings["cluster"], settings["assign"]
    cap = choose_cap(labels["images"].to_numpy(), config)
    over = " The pairs that t leaves are shared over the hierarchy of labels." if config.over == "hierarchy" else ""
    return (
        f"## How the labels were made\n\n"
        f"Phrases of 1 to {mine['max_words']} words on at least {mine['min_images']} images, said by at least "
        f"{mine['min_contributors']} contributors where these are known, were grouped into labels of at least "
        f"{cluster['min_images']} images (method `{cluster['method']}`, encoder `{settings['embed']['encoder']}`). "
        f"An image has a label where its texts contain a phrase of it. Confidence is what the agreement between kinds "
        f"of text lets us expect; below {assign['min_confidence']} a label was dropped, and an image has at most "
        f"{assign['max_labels']}. Cap t = {cap:,g} images a label; labels repeat below "
        f"{config.repeat_threshold or cap:,g} images.{over}"
    )


def _precision(audit: Sequence[Sequence[object]]) -> str:
    if not audit:
        return "## Measured precision\n\nNo audit was given: how many of the labels are right was not measured."
    return (
        table("## Measured precision", ("band", "judged", "right", "precision", "95 % interval"), audit)
        + "\n\nOf labels drawn from a run and judged one by one, weighted by what each stands for."
    )


def _drops(record: Mapping[str, Any], published: Mapping[str, int]) -> list[tuple[str, str, str, int]]:
    lines = []
    for stage in record["stages"]:
        for name, count in sorted(stage["rejects"].items()):
            unit, _, reason = name.partition("/")
            lines.append((stage["stage"], unit, reason, count))
    return [*lines, *(("publish", "image", reason, count) for reason, count in sorted(published.items()))]


def _columns(record: Mapping[str, Any]) -> str:
    fields = [(f"`{field.name}`", field.metadata["comment"]) for field in load_schema("manifest").struct]
    bits = [(1 << place, signal) for place, signal in enumerate(record["signals"])]
    return (
        table("## Columns of the manifest", ("column", "meaning"), fields)
        + "\n\n"
        + table("Bits of `label_sources`, added up:", ("bit", "kind of text"), bits)
    )


_LOADING = """## How to load it

Line n of `class_map.txt`, counted from 0, is the name of label n.

```python
from datasets import load_dataset

folder = "path/to/this/folder"
data = load_dataset(folder)  # train and validation
labels = load_dataset(folder, "labels", split="train")  # row number = label_id
```

Open a picture on this machine; an address may be null, and not every library knows `file://`:

```python
from urllib.parse import unquote, urlsplit

placed = data["train"].filter(lambda row: row["image_uri"] is not None)
paths = [unquote(urlsplit(uri).path) for uri in placed["image_uri"]]  # for PIL.Image.open
```

Keep head labels to about t images, and the tail whole. The draw is fixed, so everybody gets the same images:

```python
capped = data["train"].filter(lambda row: row["sample_u"] < row["keep_prob"])
```

Both at once, the head thinned and the tail repeated, drawn anew each epoch, for rank 0 of 8 processes; it needs this
product, and neither Spark nor torch:

```python
from pipeline.manifest.reader import ManifestReader

reader = ManifestReader(folder, rank=0, world=8)
rows = list(reader)
```

Or show images with rare labels more often:

```python
from torch.utils.data import WeightedRandomSampler

weights = list(data["train"]["repeat_factor"])
sampler = WeightedRandomSampler(weights, num_samples=round(sum(weights)))
```

Or weigh the loss, by label_id:

```python
import torch

class_weight = torch.tensor(list(labels["class_weight"]))
```"""
