"""The pictures of a run as its network takes them."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Pixels
from tlviz.data.training.augment import Draws, augment_light, augment_strong
from tlviz.data.training.splits import Indices
from tlviz.data.training.to_device import to_device
from tlviz.finetune.cache import RowStore, Store
from tlviz.finetune.choices import Augment
from tlviz.finetune.session import Session
from tlviz.finetune.source_pictures import source_pictures
from tlviz.models.load import normalise

PIXEL_SHARE = 0.25
"""Pictures are kept on a GPU where they take at most this share of its free memory."""

_AT_ONCE = 1000
"""So many go to the GPU together: a target need not fit into memory for that."""


class Pictures:
    """The pictures of a session as network inputs (n, 3, S, S) on its device: plain, varied afresh, or fixed views."""

    def __init__(self, session: Session) -> None:
        self._images = session.images
        self._config = session.config
        self._preprocessing = session.network.spec.pixels
        self._device = session.device
        self._resident = _on_gpu(session)
        self._labels = torch.from_numpy(session.images.labels).to(session.device)

    def labels(self, indices: Indices) -> Tensor:
        """Return labels (n,) on the device."""
        return self._labels[self._index(indices)]

    def plain(self, indices: Indices) -> Tensor:
        """Return pictures as they are."""
        return normalise(self._take(indices), self._preprocessing)

    def varied(self, indices: Indices, generator: torch.Generator) -> Tensor:
        """Return pictures augmented by new draws of a generator."""
        return normalise(self._augment(self._take(indices), generator), self._preprocessing)

    def view(self, indices: Indices, number: int) -> Tensor:
        """Return one fixed augmented view of each picture, which depends on the seed, the view and the picture only."""
        seeds = [seed_of(self._config.seed, number, index) for index in indices.tolist()]
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        return normalise(self._augment(self._take(indices), generators), self._preprocessing)

    def batches(self, order: Indices, count: int, generator: torch.Generator) -> list[Indices]:  # noqa: ARG002
        """Cut a shuffled order into batches."""
        return np.array_split(order, count)

    def by_cost(self, indices: Indices) -> Indices:
        """Return the positions (n,) of indices as they are: all pictures take the same room."""
        return np.arange(len(indices))

    def room(self, indices: Indices, sample: Tensor) -> int:
        """Return how many rows like ``sample`` (1, ...) what crosses a stage end takes: one for each picture."""
        return len(indices) * len(sample)

    def store(
        self, rows: int, _tall: int, sample: Tensor, *, in_memory: bool, device: torch.device | None = None
    ) -> Store:
        """Return room for ``rows`` tensors like ``sample`` (1, ...)."""
        return RowStore(rows, sample, in_memory=in_memory, device=device)

    def _take(self, indices: Indices) -> Tensor:
        """Return pixels uint8 (n, S, S, 3) on the device, without waiting for the copy."""
        if self._resident is not None:
            return self._resident[self._index(indices)]
        return to_device(torch.from_numpy(np.ascontiguousarray(self._images.pixels[indices])), self._device)

    def _index(self, indices: Indices) -> Tensor:
        return to_device(torch.from_numpy(indices), self._device)

    def _augment(self, pixels: Tensor, generator: Draws) -> Tensor:
        match self._config.augment:
            case Augment.LIGHT:
                return augment_light(pixels, may_flip=self._images.may_flip, generator=generator)
            case Augment.STRONG:
                return augment_strong(pixels, may_flip=self._images.may_flip, generator=generator)
        return pixels


def shuffled(indices: Indices, *numbers: int) -> Indices:
    """Return indices in an order that depends on every one of some numbers."""
    generator = torch.Generator().manual_seed(seed_of(*numbers))
    mixed: Indices = indices[torch.randperm(len(indices), generator=generator).numpy()]
    return mixed


def seed_of(*numbers: int) -> int:
    """Return a seed for a generator that depends on every one of some numbers, and is far from its neighbours'."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _on_gpu(session: Session) -> Tensor | None:
    """Return all pixels uint8 (N, S, S, 3) on a GPU that has ample room for them, else None."""
    if session.device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(session.device)
    pixels = session.images.pixels
    if math.prod(pixels.shape) > PIXEL_SHARE * free:
        return None
    resident = torch.empty(pixels.shape, dtype=torch.uint8, device=session.device)
    for at in range(0, len(pixels), _AT_ONCE):
        resident[at : at + _AT_ONCE] = torch.from_numpy(np.array(pixels[at : at + _AT_ONCE]))
    return resident


def like_source(session: Session) -> Pixels:
    """Return bundled photographs, uint8 (n, S, S, 3), that no picture of the run that trains shows."""
    geometry = session.config.geometry
    assert isinstance(geometry, Geometry)  # noqa: S101 (a network for pictures takes no other)
    return source_pictures(geometry, session.images.pixels, session.split.train)
