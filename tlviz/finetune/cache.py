"""What the frozen stages make of each picture, computed once and kept."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.data.splits import Indices
from tlviz.finetune.device import to_device
from tlviz.home import cache_folder, make_folder, storage_errors

CHUNK = 32
SPARE_DISK = 2**30
"""A store on disk leaves at least this many bytes free."""


class RowStore:
    """Room for equally shaped tensors, one a row, in memory or in a file that ends with the process.

    A channels_last sample is kept as (H, W, C), so that rows taken together are a channels_last batch again.
    """

    def __init__(self, rows: int, sample: Tensor, *, in_memory: bool) -> None:
        self._is_channels_last = sample.ndim == 4 and sample.is_contiguous(memory_format=torch.channels_last)
        shape = (rows, *(sample.permute(0, 2, 3, 1) if self._is_channels_last else sample).shape[1:])
        if in_memory:
            self._rows = torch.empty(shape, dtype=sample.dtype, device=sample.device)
        else:
            self._rows = _mapped(shape, sample.dtype)
        self._device = sample.device

    def put(self, slots: Indices, values: Tensor) -> None:
        """Keep values (n, ...) in the rows ``slots`` (n,)."""
        kept = values.permute(0, 2, 3, 1) if self._is_channels_last else values
        self._rows[self._index(slots)] = kept.to(self._rows.device)

    def take(self, slots: Indices) -> Tensor:
        """Return the values (n, ...) of the rows ``slots`` (n,), on the device they came from."""
        taken = self._rows[self._index(slots)].to(self._device)
        return taken.permute(0, 3, 1, 2) if self._is_channels_last else taken

    def _index(self, slots: Indices) -> Tensor:
        return to_device(torch.from_numpy(slots), self._rows.device)


@dataclass(frozen=True, slots=True)
class Need:
    """How much a cache takes, in bytes, and where there is room for it: ``in memory``, ``on disk``, or None."""

    size: int
    place: str | None


class PrefixCache:
    """The outputs of a frozen prefix for some pictures in some fixed views.

    Pictures are computed in their own order, not in that of the training steps: whichever epoch needs them first, an
    interrupted run and one that is not get the same bytes.
    """

    def __init__(self, prefix: nn.Module, pictures: int, views: int, store: RowStore) -> None:
        self._prefix = prefix
        self._store = store
        self._slots = np.full((views, pictures), -1, dtype=np.int64)
        self._used = 0

    @torch.no_grad()
    def fill(self, indices: Indices, view: int, inputs: Callable[[Indices], Tensor]) -> None:
        """Compute and keep what is still missing of one view; ``inputs`` makes the prefix's inputs (n, 3, S, S)."""
        missing = np.sort(indices[self._slots[view, indices] < 0])
        for chunk in np.array_split(missing, math.ceil(len(missing) / CHUNK)) if len(missing) else ():
            slots = np.arange(self._used, self._used + len(chunk))
            self._store.put(slots, self._prefix(inputs(chunk)))
            self._slots[view, chunk] = slots
            self._used += len(chunk)

    def take(self, indices: Indices, view: int) -> Tensor:
        """Return the outputs (n, ...) kept for some pictures in one view."""
        return self._store.take(self._slots[view, indices])


def find_room(rows: int, sample: Tensor, budget_mb: int) -> Need:
    """Say where this many rows like ``sample`` (1, ...) fit: in the memory budget, else on the disk of the cache."""
    size = rows * sample.numel() * sample.element_size()
    if size <= budget_mb * 2**20:
        return Need(size, "in memory")
    has_room = shutil.disk_usage(make_folder(cache_folder("prefix"))).free - size > SPARE_DISK
    return Need(size, "on disk" if has_room else None)


def _mapped(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
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
