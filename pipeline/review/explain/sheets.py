"""What was found of a label or a phrase, as facts and tables."""

from collections.abc import Sequence

from pipeline.review.explain.label import LabelFinding, LeftOut, Related
from pipeline.review.explain.label_images import LabelImages
from pipeline.review.explain.label_names import NamedLabel
from pipeline.review.explain.phrase import PhraseFinding
from pipeline.review.sheet import Block, Grid, facts, grid, meanings, number, of_all

_LABEL_COLUMNS = ("label", "lang", "band", "images", "id", "key")
_BESIDES = "clustering also looks at what else is said of the images"


def label_blocks(found: LabelFinding) -> list[Block]:
    """The sheet of a label."""
    label, on = found.label, found.on
    weights = ", ".join(f"{name} {value:,.4g}" for name, value in found.weights.items())
    languages = ", ".join(f"{language} {name}" for language, name in found.names.items())
    above = " < ".join(f"{item.label.name} ({item.how})" for item in found.above)
    learnt = found.learnt
    taught = None
    if learnt:
        shares = [f"{name} {number(learnt[name], 2)}" for name in ("threshold", "precision", "recall")]
        taught = f"{', '.join(shares)}, from {learnt['images']:,} trusted images"
    blocks: list[Block] = [
        facts(
            f"Label {label.name}",
            ("name", f"{found.display}  [{label.language}]"),
            ("in languages", languages if len(found.names) > 1 else None),
            ("id, key", f"{label.label_id}, {label.key}"),
            ("band", label.band),
            ("images", f"{on.images:,} of {on.labelled:,} labelled ones" if on else None),
            ("capped set", f"{on.capped:,} images" if on else None),
            ("validation", f"{on.validation:,} images" if on else None),
            ("said of", f"{found.support:,} images by any of its phrases" if found.support is not None else None),
            ("confidence", f"{on.confidence:.3f} on average" if on and on.images else None),
            ("specificity", number(found.specificity, 3) if found.specificity is not None else None),
            ("parents", above or "none"),
            ("weights", weights),
            ("taught", taught),
        ),
        grid(
            "Phrases",
            ("phrase", "lang", "how", "similarity", "images"),
            [
                (item.phrase, item.language, item.how, f"{item.similarity:.3f}", number(item.images))
                for item in found.members
            ],
            ("similarity", "images"),
            of_all(len(found.members), found.members_in_all, "phrases"),
        ),
    ]
    if on:
        blocks.append(_signals(found, on))
    if found.children:
        children = [(*_label_row(item.label), item.how) for item in found.children]
        note = of_all(len(found.children), found.children_in_all, "children")
        blocks.append(grid("Children", (*_LABEL_COLUMNS, "how"), children, ("images", "id"), note))
    if found.together:
        blocks.append(_together(found.together))
    if found.samples:
        samples = [(item.image_id, f"{item.confidence:.3f}", _evidence(item.evidence)) for item in found.samples]
        title = "Images, drawn by their sample_u"
        blocks.append(grid(title, ("image", "confidence", "evidence"), samples, ("confidence",)))
    if found.left_out:
        blocks.append(_left_out(found.left_out))
    return blocks


def phrase_blocks(found: PhraseFinding) -> list[Block]:
    """The sheet of a phrase."""
    signals = ", ".join(f"{name} {images:,}" for name, images in found.signals.items())
    joined = found.joined
    blocks: list[Block] = [
        facts(
            f"Phrase {found.phrase}",
            ("language", found.language),
            ("id", str(found.phrase_id) if found.phrase_id is not None else "none: it is no candidate"),
            ("images", number(found.images)),
            ("said by", f"{found.contributors:,} voices" if found.phrase_id is not None else None),
            ("signals", signals),
            ("dictionary", "kept by the user's dictionary" if found.pinned else None),
            ("candidate", ("kept" if found.kept else "dropped") if found.phrase_id is not None else None),
            ("label", f"{joined.label.name} ({_told(joined.label)})" if joined else None),
            ("joined by", f"{joined.how}, similarity {joined.similarity:.3f}" if joined else None),
            ("no label", found.reason),
        )
    ]
    told = [(name, number(value, 3)) for name, value in found.scores.items() if value is not None]
    if told:
        blocks.append(grid("Scores", [name for name, _ in told], [[value for _, value in told]], [n for n, _ in told]))
    if found.rivals:
        rows = [(*_label_row(label), f"{cosine:.3f}") for label, cosine in found.rivals]
        title = "Other labels near it" if joined else "Labels near it"
        note = f"cosine to the label's name by vectors alone; {_BESIDES}"
        blocks.append(grid(title, (*_LABEL_COLUMNS, "cosine"), rows, ("images", "id", "cosine"), note))
    if found.longer:
        rows = [(phrase, number(images)) for phrase, images in found.longer]
        blocks.append(grid("Longer phrases with it", ("phrase", "images"), rows, ("images",)))
    if found.said:
        rows = [(text,) for text in found.said.examples]
        blocks.append(grid("Texts that say it", ("text",), rows, note=of_all(len(rows), found.said.texts, "texts")))
    return blocks


def choice_block(asked: str, labels: Sequence[NamedLabel]) -> Grid:
    """The labels that may be meant."""
    note = "give --language, the id or the key of the one that is meant"
    return grid(
        f"Several labels fit {asked!r}", _LABEL_COLUMNS, [_label_row(item) for item in labels], ("images", "id"), note
    )


def _label_row(label: NamedLabel) -> tuple[str, ...]:
    return (
        label.name,
        label.language,
        label.band or "-",
        number(label.images),
        str(label.label_id),
        label.key,
    )


def _signals(found: LabelFinding, on: LabelImages) -> Grid:
    rows = [
        (name, number(images), _share(images, on.images), number(found.trust.get(name), 3))
        for name, images in zip(found.signals, on.signals, strict=True)
    ]
    note = "images: those on which the signal is evidence; trust: reliability for labels of this band"
    return grid("Signals", ("signal", "images", "share", "trust"), rows, ("images", "share", "trust"), note)


def _left_out(left_out: Sequence[LeftOut]) -> Grid:
    rows = [
        (item.phrase, item.language, number(item.images), number(item.cosine, 3), item.reason.replace("_", " "))
        for item in left_out
    ]
    note = f"near by the cosine to the label's name, or with its words in them; {_BESIDES}\n"
    note += meanings((item.reason, item.meaning) for item in left_out)
    columns = ("phrase", "lang", "images", "cosine", "why")
    return grid("Near it, without a label", columns, rows, ("images", "cosine"), note)


def _together(together: Sequence[Related]) -> Grid:
    rows = [
        (*_label_row(item.label)[:4], number(item.images), f"{item.share:.0%}", f"{item.lift:.1f}") for item in together
    ]
    columns = (*_LABEL_COLUMNS[:4], "with it", "share", "lift")
    note = "share: of this label's images; lift: how much more often together than by chance"
    return grid("On the same images", columns, rows, ("images", *columns[4:]), note)


def _told(label: NamedLabel) -> str:
    band = f"{label.band}, " if label.band else ""
    return f"{band}{label.images:,} images, id {label.label_id}, key {label.key}"


def _evidence(said: Sequence[tuple[str, str, int]]) -> str:
    return "; ".join(f"{signal}: {phrase}{f' x{count}' if count > 1 else ''}" for signal, phrase, count in said)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"
