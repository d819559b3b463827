"""The reader as a dataset of torch: a rank's rows shared among the workers of its DataLoader."""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import IterableDataset, get_worker_info

from pipeline.manifest.reader.manifest_reader import ManifestReader


class ManifestDataset(IterableDataset[dict[str, Any]]):
    """Rows of a manifest. `set_epoch` before each epoch, while no worker reads.

    Args:
        reader: of this rank.
    """

    def __init__(self, reader: ManifestReader) -> None:
        self.reader = reader
        # In memory that workers share: those that live on (persistent_workers) would not see it otherwise.
        self._epoch: torch.Tensor = torch.tensor(reader.epoch)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]

    def set_epoch(self, epoch: int) -> None:
        """Read another epoch."""
        self._epoch.fill_(epoch)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """This worker's share of an epoch."""
        worker = get_worker_info()
        place, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        mine = copy.copy(self.reader)
        mine.shard, mine.shards = self.reader.shard * workers + place, self.reader.shards * workers
        mine.set_epoch(int(self._epoch))
        return iter(mine)
