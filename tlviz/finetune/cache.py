"""What the frozen stages make of each picture, computed once and kept."""

from __future__ import annotations

import copy
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.data.training.splits import Indices
from tlviz.data.training.to_device import to_device
from tlviz.home import cache_folder, make_folder, storage_errors

CPU = torch.device("cpu")
CHUNK = 32
GPU_SHARE = 0.5
"""A store takes at most this share of a GPU's free memory; training needs the rest."""
SPARE_DISK = 2**30
"""A store on disk leaves at least this many bytes free."""


class RowStore:
    """Room for equally shaped tensors, one a row, in memory or in a file that ends with the process.

    A channels_last sample is kept as (H, W, C), so that rows taken together are a channels_last batch again.
    ``device`` is whose memory it is, None the sample's own.
    """

    def __init__(self, rows: int, sample: Tensor, *, in_memory: bool, device: torch.device | None = None) -> None:
        self._is_channels_last = sample.ndim == 4 and sample.is_contiguous(memory_format=torch.channels_last)
        shape = (rows, *(sample.permute(0, 2, 3, 1) if self._is_channels_last else sample).shape[1:])
        if in_memory:
            self._rows = torch.empty(shape, dtype=sample.dtype, device=device or sample.device)
        else:
            self._rows = mapped(shape, sample.dtype)
        self._device = sample.device

    def put(self, slots: Indices, values: Tensor) -> None:
        """Keep values (n, ...) in the rows ``slots`` (n,)."""
        kept = values.permute(0, 2, 3, 1) if self._is_channels_last else values
        self._rows[self._index(slots)] = kept.to(self._rows.device)

    def take(self, slots: Indices) -> Tensor:
        """Return the values (n, ...) of the rows ``slots`` (n,), on the device they came from."""
        taken = to_device(self._rows[self._index(slots)], self._device)
        return taken.permute(0, 3, 1, 2) if self._is_channels_last else taken

    def _index(self, slots: Indices) -> Tensor:
        return to_device(torch.from_numpy(slots), self._rows.device)


class Store(Protocol):
    """Room for tensors, one a row."""

    def put(self, slots: Indices, values: Tensor) -> None:
        """Keep values (n, ...) in the rows ``slots`` (n,)."""

    def take(self, slots: Indices) -> Tensor:
        """Return the values (n, ...) of the rows ``slots`` (n,), on the device they came from."""


@dataclass(frozen=True, slots=True)
class Need:
    """How much a cache takes, in bytes, and where there is room for it.

    ``place`` is ``in memory``, ``in GPU memory``, ``on disk``, or None; ``device`` is whose memory that is.
    """

    size: int
    place: str | None
    device: torch.device = CPU


class PrefixCache:
    """The outputs of a frozen prefix for some pictures in some fixed views.

    Pictures are computed in their own order, not in that of the training steps: whichever epoch needs them first, an
    interrupted run and one that is not get the same bytes.  ``chunk`` is how many pass at once at most.
    """

    def __init__(self, prefix: nn.Module, pictures: int, views: int, store: Store, chunk: int = CHUNK) -> None:
        self._prefix = prefix
        self._store = store
        self._chunk = chunk
        self._slots = np.full((views, pictures), -1, dtype=np.int64)
        self._seconds = np.zeros((views, pictures))
        self._before = self._slots >= 0
        self.saved_s = 0.0
        """What others had spent on the rows that this one has asked for."""

    def behind(self, prefix: nn.Module) -> PrefixCache:
        """Return this cache for another copy of the same prefix: the rows are common, what is missing it computes."""
        other = copy.copy(self)
        other._prefix, other._before, other.saved_s = prefix, self._slots >= 0, 0.0
        return other

    @torch.no_grad()
    def fill(
        self,
        indices: Indices,
        view: int,
        inputs: Callable[[Indices], Tensor],
        by_cost: Callable[[Indices], Indices] | None = None,
    ) -> None:
        """Compute and keep what is still missing of one view; ``inputs`` makes the prefix's inputs (n, ...).

        ``by_cost`` says in which order neighbours take the same room.
        Where that is interrupted nothing of it is kept: chunks are the same whoever computes them, and so are bytes.
        """
        self._count_saved(indices, view)
        missing = np.sort(indices[self._slots[view, indices] < 0])
        if not len(missing):
            return
        if by_cost is not None:
            missing = missing[by_cost(missing)]
        used, begun = int((self._slots >= 0).sum()), time.perf_counter()
        slots = np.arange(used, used + len(missing))
        parts = math.ceil(len(missing) / self._chunk)
        for chunk, rows in zip(np.array_split(missing, parts), np.array_split(slots, parts), strict=True):
            self._store.put(rows, self._prefix(inputs(chunk)))
        self._slots[view, missing] = slots
        self._seconds[view, missing] = (time.perf_counter() - begun) / len(missing)

    def _count_saved(self, indices: Indices, view: int) -> None:
        found = indices[self._before[view, indices]]
        self.saved_s += float(self._seconds[view, found].sum())
        self._before[view, found] = False

    def take(self, indices: Indices, view: int) -> Tensor:
        """Return the outputs (n, ...) kept for some pictures in one view."""
        return self._store.take(self._slots[view, indices])


class PrefixCachePool:
    """Caches that outlive a session, the least recently used given up first; ``budget_mb`` is for all together."""

    def __init__(self, budget_mb: int) -> None:
        self._budget = budget_mb * 2**20
        self._kept: dict[Hashable, tuple[PrefixCache, int]] = {}

    def find(self, key: Hashable, size: int) -> PrefixCache | None:
        """Return the cache of a key that has room for this many bytes, or None."""
        found, room = self._kept.pop(key, (None, 0))
        if found is None or room < size:
            return None
        self._kept[key] = found, room
        return found

    def make_room(self, size: int) -> None:
        """Give up what was not used for longest until a cache of this many bytes fits."""
        while self._kept and sum(room for _, room in self._kept.values()) + size > self._budget:
            self._kept.pop(next(iter(self._kept)))

    def keep(self, key: Hashable, cache: PrefixCache, size: int) -> None:
        """Keep a cache for later sessions, its rows without the network that computed them."""
        self._kept[key] = cache.behind(nn.Identity()), size


def find_room(rows: int, sample: Tensor, budget_mb: int) -> Need:
    """Say where this many rows like ``sample`` (1, ...) fit: in the memory budget, else on the disk of the cache."""
    size = rows * sample.numel() * sample.element_size()
    if size <= budget_mb * 2**20:
        is_gpu = sample.device.type == "cuda"
        fits = not is_gpu or size <= GPU_SHARE * torch.cuda.mem_get_info(sample.device)[0]
        return Need(size, "in GPU memory" if is_gpu and fits else "in memory", sample.device if fits else CPU)
    has_room = shutil.disk_usage(make_folder(cache_folder("prefix"))).free - size > SPARE_DISK
    return Need(size, "on disk" if has_room else None)


def mapped(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return a tensor over a temporary file in the cache folder, its disk space claimed in advance."""
    folder = make_folder(cache_folder("prefix"))
    size = math.prod(shape) * dtype.itemsize
    with storage_errors(folder), tempfile.NamedTemporaryFile(dir=folder, delete=os.name == "nt") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
        pages = np.memmap(file, dtype=np.uint8, mode="r+", shape=(size,))
        if os.name != "nt":
            Path(file.name).unlink()  # the system frees it with the last use, however the process ends
    return torch.from_numpy(pages).view(dtype).view(shape)
