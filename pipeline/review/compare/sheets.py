"""Two runs side by side as facts and tables, in sections."""

from collections.abc import Sequence

from pipeline.review.compare.labels import BANDS, LabelChanges
from pipeline.review.compare.pairs import BandPairs, PairChanges
from pipeline.review.compare.runs import Comparison, Counted, Differing
from pipeline.review.sheet import Block, Grid, facts, grid, number

Section = tuple[str, list[Block]]
_ENDS = ("old", "new")
_MOVES = {
    "stay": "stays with its label",
    "move": "moves to another label",
    "lose": "loses its label",
    "gain": "gains a label",
}


def sections(found: Comparison) -> list[Section]:
    """Titles with what stands below them; a section of which nothing is known is left out."""
    told = [
        ("Settings", _settings(found)),
        ("Counts", _counts(found)),
        ("Labels", _labels(found.labels) if found.labels else []),
        ("Image labels", _pairs(found.pairs) if found.pairs else []),
        ("Quality", _quality(found)),
        ("Cost", _costs(found)),
    ]
    return [(title, blocks) for title, blocks in told if blocks]


def _settings(found: Comparison) -> list[Block]:
    runs = [
        (name, f"{run['run_id']}, started {run['created']}, settings {run['digest']}, {run['cores']}")
        for name, run in zip(_ENDS, (found.old, found.new), strict=True)
    ]
    return [
        facts("Runs", *runs),
        _differing("Settings that differ", found.settings),
        _differing("Versions that differ", found.versions),
    ]


def _counts(found: Comparison) -> list[Block]:
    blocks: list[Block] = [
        _side_by_side("Rows out of each stage", "stage", found.rows),
        _side_by_side("Rows of each table", "table", found.tables),
    ]
    if found.rejects:
        blocks.append(_side_by_side("Reasons that turned away more or less", "reason", found.rejects))
    return blocks


def _labels(found: LabelChanges) -> list[Block]:
    kinds = list(found.by_phrases)
    ways = (("by phrases", found.by_phrases), ("by key", found.by_key), ("by name", found.by_name))
    rows = [(way, *(number(counts.get(kind)) for kind in kinds)) for way, counts in ways]
    note = f"{found.old:,} labels before, {found.new:,} after. Split: came out of one that goes on; merged: into one"
    blocks: list[Block] = [grid("What became of the labels", ("told", *kinds), rows, kinds, note)]
    if found.examples:
        changes = [
            (item.kind, item.old or "-", item.new or "-", "-" if item.share is None else f"{item.share:.0%}")
            for item in found.examples
        ]
        note = "share: of the old label's images that went there"
        blocks.append(grid("Labels that changed", ("kind", *_ENDS, "share"), changes, ("share",), note))
    phrases = [(_MOVES[name], number(count)) for name, count in found.phrases.items()]
    blocks.append(grid("Member phrases", ("what becomes of it", "phrases"), phrases, ("phrases",)))
    if found.moves:
        moves = [(item.phrase, number(item.images), item.old or "none", item.new or "none") for item in found.moves]
        blocks.append(grid("Phrases that moved", ("phrase", "images", "old label", "new label"), moves, ("images",)))
    bands = [
        (name, *(number(size) for size in found.bands[name]), *(number(found.band_moves[name, to]) for to in BANDS))
        for name in BANDS
    ]
    columns = ("band", *_ENDS, *(f"to {name}" for name in BANDS))
    note = "old, new: labels of the band; to: labels of the old band that go on in the new one"
    blocks.append(grid("Bands", columns, bands, columns[1:], note))
    return blocks


def _pairs(found: PairChanges) -> list[Block]:
    rows = [_band(name, band) for name, band in found.bands.items()]
    columns = ("band", "old", "kept", "kept %", "new", "known", "known %", "shift")
    note = "kept: old pairs that the new run has too; known: new pairs that the old run had; shift: of their confidence"
    spread = None
    if found.quantiles is not None:
        low, middle, high = found.quantiles
        both = found.bands["all"].old_in_new
        spread = f"median {middle:+.4f}, a tenth below {low:+.4f}, a tenth above {high:+.4f}; {found.surer:,} surer, "
        spread += f"{found.less_sure:,} less sure, {both - found.surer - found.less_sure:,} as sure"
    old, new, images = found.images
    return [
        facts(
            "Images",
            ("labelled", f"{old:,} before, {new:,} after, {images:,} in both"),
            ("confidence", f"{found.confidence[0]:.4f} before, {found.confidence[1]:.4f} after, on average"),
            ("its shift", spread),
        ),
        grid("Pairs of an image and a label", columns, rows, columns[1:], note),
    ]


def _quality(found: Comparison) -> list[Block]:
    if not any(found.truths):
        return []
    rows = [(item.name, number(item.old, 3), number(item.new, 3), _change(item)) for item in found.quality]
    told = [f"{name}: {truth or 'no evaluation'}" for name, truth in zip(_ENDS, found.truths, strict=True)]
    if not found.same_truth:
        told.append("not the same truth, or not on the same images: the figures are not to be compared")
    return [grid("Quality by trusted labels", ("measure", *_ENDS, "change"), rows, (*_ENDS, "change"), "\n".join(told))]


def _costs(found: Comparison) -> list[Block]:
    return [
        _side_by_side("Seconds", "stage", found.seconds, 1),
        _side_by_side("Peak memory in MB", "stage", found.memory),
    ]


def _band(name: str, item: BandPairs) -> tuple[str, ...]:
    shift = "-" if item.shift is None else f"{item.shift:+.4f}"
    old = number(item.old), number(item.old_in_new), _share(item.old_in_new, item.old)
    return (name, *old, number(item.new), number(item.new_in_old), _share(item.new_in_old, item.new), shift)


def _differing(title: str, items: Sequence[Differing]) -> Grid:
    rows = [(item.name, item.old, item.new) for item in items]
    return grid(title, ("name", *_ENDS), rows)


def _side_by_side(title: str, what: str, items: Sequence[Counted], digits: int | None = None) -> Grid:
    rows = [
        (
            item.name.replace("_", " "),
            number(item.old, digits),
            number(item.new, digits),
            "-" if item.ratio is None else f"{item.ratio:.2f}",
        )
        for item in items
    ]
    return grid(title, (what, *_ENDS, "ratio"), rows, (*_ENDS, "ratio"))


def _change(item: Counted) -> str:
    return "-" if item.old is None or item.new is None else f"{item.new - item.old:+.3f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"
