"""A published manifest as rows for training: kept and repeated as planned, shared among ranks, shuffled, resumable.

    reader = ManifestReader("runs/manifest/RUN_ID", rank=0, world=8)
    for epoch in range(10):
        reader.set_epoch(epoch)
        for row in reader:
            ...

It needs pyarrow and numpy, neither Spark nor torch.

An epoch. The row groups of all files, in an order that seed and epoch decide, laid end to end make a line of n rows.
Shard k of S has the rows from k * n // S to (k + 1) * n // S of it, so shards are disjoint, together are everything,
and differ by at most one row before sampling. A shard is read in blocks of `buffer_rows`; rows of a block are kept and
repeated by draws of their own, and shuffled. Where reading stands is a block and a place in it, so that going on costs
no more than one block.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.manifest.reader import draws
from pipeline.manifest.reader.row_groups import DRAWN_BY, Line, open_split
from pipeline.runtime.errors import ConfigError, InputError

if TYPE_CHECKING:
    from torch.utils.data import IterableDataset

SAMPLINGS = ("all", "keep", "repeat", "both")
DRAWS = ("epoch", "fixed")


class ManifestReader:
    """Rows of one split of a published manifest.

    Args:
        folder: of the tree, local or remote.
        split: train or validation.
        sampling: `all` every row once; `keep` by keep_prob; `repeat` by repeat_factor; `both` kept, then repeated.
        draw: `epoch` draws anew each epoch, where epoch 0 of seed 0 has the published draw; `fixed` has that always,
            so that everybody who reads the manifest gets the same images.
        columns: to read; all where None.
        seed: of draws and order.
        rank: which of the processes this is, from 0.
        world: number of processes.
        buffer_rows: rows that are held and shuffled at a time; memory is bounded by it and one row group.

    Raises:
        RunError: there is no complete tree, or no such split.
        ConfigError: an argument is impossible.
    """

    def __init__(
        self,
        folder: str,
        *,
        split: str = "train",
        sampling: str = "both",
        draw: str = "epoch",
        columns: Sequence[str] | None = None,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        buffer_rows: int = 16_384,
    ) -> None:
        for name, value, allowed in (("sampling", sampling, SAMPLINGS), ("draw", draw, DRAWS)):
            if value not in allowed:
                raise ConfigError(f"{name} = {value!r} must be one of {', '.join(allowed)}.")
        if not 0 <= rank < world:
            raise ConfigError(f"rank = {rank} must be in [0, {world}), world being {world}.")
        if buffer_rows < 1:
            raise ConfigError(f"buffer_rows = {buffer_rows} must be at least 1.")
        self.split, self.sampling, self.draw, self.seed = split, sampling, draw, seed
        self.shard, self.shards, self.buffer_rows = rank, world, buffer_rows
        self.epoch, self._block, self._done = 0, 0, 0
        self._split = open_split(folder, split)
        self.columns = list(self._split.columns if columns is None else columns)
        unknown = [name for name in self.columns if name not in self._split.columns]
        if unknown:
            raise ConfigError(f"no column {unknown[0]!r}; there are: {', '.join(self._split.columns)}.")
        self.num_rows = self._split.rows
        self._expected: float | None = None

    def set_epoch(self, epoch: int) -> None:
        """Start an epoch from its beginning."""
        self.epoch, self._block, self._done = epoch, 0, 0

    def expected_rows(self) -> float:
        """Rows that an epoch shows over all ranks, expected over draws; reads two columns of all files, once."""
        if self._expected is None:
            total = 0.0
            for group in self._split.groups:
                keep, repeat = self._chances(self._split.read(group, DRAWN_BY[1:]))
                total += float((keep * repeat).sum())
            self._expected = total
        return self._expected

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rest of the epoch, row by row."""
        for number, block, start in self._blocks():
            for at in range(start, block.num_rows, 1_024):  # rows as Python objects, a few at a time
                for place, row in enumerate(block.slice(at, 1_024).to_pylist(), start=at + 1):
                    self._block, self._done = number, place
                    yield row

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The rest of the epoch, so many rows at a time; the last batch may be shorter.

        Args:
            rows: of a batch, at least 1.
        """
        if rows < 1:
            raise ConfigError(f"a batch of {rows} rows holds nothing.")
        pending: list[pa.Table] = []
        for number, block, start in self._blocks():
            at = start
            while at < block.num_rows:
                piece = block.slice(at, rows - sum(map(len, pending)))
                pending.append(piece)
                at += piece.num_rows
                if sum(map(len, pending)) == rows:
                    self._block, self._done = number, at
                    yield _one_batch(pending)
                    pending = []
        if pending:
            self._block, self._done = number, at
            yield _one_batch(pending)

    def state_dict(self) -> dict[str, Any]:
        """Where reading stands, as plain values: after the row or batch that was handed out last."""
        return {**self._settings(), "epoch": self.epoch, "block": self._block, "done": self._done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a reader with the same settings stood.

        Raises:
            ConfigError: it had others, or the state is no place of this reader.
        """
        for name, value in self._settings().items():
            if state.get(name) != value:
                raise ConfigError(f"the state is of {name} = {state.get(name)!r}, this reader has {value!r}.")
        epoch, block, done = (state.get(name) for name in ("epoch", "block", "done"))
        places = range(max(1, self._number_of_blocks()))
        if not (type(epoch) is int and type(done) is int and done >= 0 and type(block) is int and block in places):
            raise ConfigError(
                f"the state is of epoch = {epoch!r}, block = {block!r}, done = {done!r}; expected whole numbers, "
                f"block below {len(places)}. Load what state_dict gave, unchanged."
            )
        self.epoch, self._block, self._done = epoch, block, done

    def _settings(self) -> dict[str, Any]:
        names = ("split", "sampling", "draw", "seed", "shard", "shards", "buffer_rows", "num_rows")
        return {"made_by": self._split.made_by, **{name: getattr(self, name) for name in names}}

    def _slice(self) -> tuple[int, int]:
        """Where this shard begins and ends in the line."""
        return self.shard * self.num_rows // self.shards, (self.shard + 1) * self.num_rows // self.shards

    def _number_of_blocks(self) -> int:
        low, high = self._slice()
        return -(-(high - low) // self.buffer_rows)

    def _blocks(self) -> Iterator[tuple[int, pa.Table, int]]:
        """Number of each block from where reading stands, its rows sampled and shuffled, the place to go on from.

        Where reading stands is moved by who hands rows out: what was read and not handed out is not done.
        """
        low, high = self._slice()
        line = Line(self._split, draws.key_of("line", self.seed, self.epoch))
        wanted = tuple(dict.fromkeys([*self.columns, *DRAWN_BY]))
        first, done = self._block, self._done
        for number in range(first, self._number_of_blocks()):
            start = low + number * self.buffer_rows
            rows = self._sampled(line.read(start, min(start + self.buffer_rows, high), wanted), number)
            if number == first and done > rows.num_rows:
                raise ConfigError(f"the state is of row {done} of a block of {rows.num_rows}. Start the epoch anew.")
            yield number, rows, done if number == first else 0

    def _sampled(self, rows: pa.Table, block: int) -> pa.Table:
        """Rows as often as they are shown, in the order in which they are."""
        u = rows["sample_u"].to_numpy()
        keep, repeat = self._chances(rows)
        epoch = (0, 0) if self.draw == "fixed" else (self.seed, self.epoch)
        kept_by = u if epoch == (0, 0) else draws.unit(draws.mix(u, draws.key_of("keep", *epoch)))
        repeated_by = draws.unit(draws.mix(u, draws.key_of("repeat", *epoch)))
        times = draws.times_shown(kept_by, keep, repeat, repeated_by)
        order = draws.shuffled(u, times, draws.key_of("order", self.seed, self.epoch, self.shard, block))
        return rows.select(self.columns).take(order)

    def _chances(self, rows: pa.Table) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        one = np.ones(rows.num_rows)
        keep = rows["keep_prob"].to_numpy() if self.sampling in ("keep", "both") else one
        return keep, rows["repeat_factor"].to_numpy() if self.sampling in ("repeat", "both") else one


def targets(label_ids: pa.Array, classes: int) -> npt.NDArray[np.float32]:
    """What a softmax over all labels should say of images: 1/k at each of the k labels of an image.

    Args:
        label_ids: list<int32> [images].
        classes: number of labels.

    Returns:
        float32 [images, classes]; the rows sum to 1, those of images without labels to 0.

    Raises:
        InputError: a label is not below `classes`.

    Source: Mahajan et al., Exploring the Limits of Weakly Supervised Pretraining, 2018.
    """
    lengths = np.asarray(pc.list_value_length(label_ids), dtype=np.int64)
    found = np.zeros((len(lengths), classes), dtype=np.float32)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    labels = np.asarray(pc.list_flatten(label_ids))
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise InputError(
            f"label_ids from {labels.min()} to {labels.max()}, but classes = {classes}. Count the class map."
        )
    found[rows, labels] = 1.0 / np.maximum(lengths, 1)[rows]
    return found


def as_torch_dataset(reader: ManifestReader) -> "IterableDataset[dict[str, Any]]":
    """The reader for torch's DataLoader: the rows of its rank are shared among the loader's workers.

    Args:
        reader: of this rank; its settings count, not where it stands.

    Raises:
        ConfigError: torch is not installed.
    """
    try:
        from pipeline.manifest.reader.torch_dataset import ManifestDataset
    except ModuleNotFoundError:
        raise ConfigError("as_torch_dataset needs torch, and it is not installed. Iterate over the reader.") from None
    return ManifestDataset(reader)


def _one_batch(pieces: list[pa.Table]) -> pa.RecordBatch:
    return pa.concat_tables(pieces).combine_chunks().to_batches()[0]
