"""What is a channel for?  The images of a target that excite each channel of a stage most, from one pass over them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlviz.data.images import ImageSet
from tlviz.data.pixels.lazy_rows import PixelRows
from tlviz.errors import BadWeightsError, is_out_of_memory
from tlviz.explore.array_cache import keep, keep_key, read_kept
from tlviz.explore.attribution.context import enough_memory
from tlviz.explore.partial_forward import check_finite, run_to, weights_digest
from tlviz.measures.selectivity import class_selectivity
from tlviz.models.load import Network, normalise
from tlviz.models.spec import Stage, find_stage

BATCH = 32
"""Pictures that go through a network at once; half as many, and so on, where memory runs out."""
COUNT = 9
_KIND, _FORMAT = "channels", 1
_STILL = 1e-6
"""A channel is dead where its activations differ by less than this share of their size."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TopImages:
    """What excites each of a stage's C channels most among N images, the K strongest first.

    ``images`` (C, K) are positions in the set and ``values`` (C, K) the peak of the channel's map there; ``rows`` and
    ``columns`` (C, K) give the peak's position on the stage's grid of ``side`` positions along a side.  ``class_means``
    (C, classes) is the mean of the activation's positive part over an image's positions and a class's images, NaN for
    a class without images; ``lowest`` and ``highest`` (C,) are over all images and positions.
    """

    images: NDArray[np.int64]
    values: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    class_means: NDArray[np.float64]
    lowest: NDArray[np.float32]
    highest: NDArray[np.float32]
    side: int

    def is_dead(self, channel: int) -> bool:
        """Return whether a channel gives the same number for every image and position."""
        return bool(self.dead()[channel])

    def dead(self) -> NDArray[np.bool_]:
        """Return for each channel, (C,), whether it gives the same number for every image and position."""
        size = np.maximum(np.abs(self.lowest), np.abs(self.highest))
        still: NDArray[np.bool_] = self.highest - self.lowest <= _STILL * size
        return still

    def selectivity(self) -> NDArray[np.float64]:
        """Return the class selectivity of each channel (C,), over classes with images; NaN where never above 0."""
        present = ~np.isnan(self.class_means).any(0)
        return class_selectivity(self.class_means[:, present])

    def preferred_class(self, channel: int) -> int:
        """Return the class for which a channel's mean activation is highest."""
        return int(np.nanargmax(self.class_means[channel]))

    def most_selective(self, count: int) -> list[int]:
        """Return channels with a clear preference first, of those that are at least as active as the median channel.

        Channels that hardly ever answer are left out: one image is enough to make them look selective.
        """
        activity = np.nanmean(self.class_means, 1)
        selectivity = self.selectivity()
        lively = ~np.isnan(selectivity) & ~self.dead() & (activity >= np.median(activity))
        order = np.argsort(-np.where(lively, selectivity, -1.0), kind="stable")
        return [int(channel) for channel in order if lively[channel]][:count]

    def strongest(self, count: int) -> list[int]:
        """Return the channels that are most active on average first, dead ones left out."""
        activity = np.where(self.dead(), -1.0, np.nanmean(self.class_means, 1))
        return [int(channel) for channel in np.argsort(-activity, kind="stable") if activity[channel] >= 0][:count]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all of it as arrays, for a file."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> Self | None:
        """Read what ``arrays`` gave, None where something is missing."""
        names = [field.name for field in fields(cls)]
        if set(names) != set(arrays):
            return None
        values: dict[str, object] = dict(arrays)
        return cls(**values | {"side": int(arrays["side"])})  # type: ignore[arg-type]


def top_images_of_stages(
    network: Network,
    images: ImageSet,
    stages: Sequence[str],
    *,
    count: int = COUNT,
    progress: Progress | None = None,
) -> dict[str, TopImages]:
    """Return {stage: its top images} from one pass over the pictures, or from the disk where that was done before.

    ``progress`` gets the pictures done and their number after each batch, and may raise to end the pass; then nothing
    is kept.  Raises ``UnknownNameError`` for a stage that is not there, ``BadWeightsError`` for weights or activations
    that are not finite, ``StorageError`` where the result cannot be kept.
    """
    wanted = {name: find_stage(network.stages, name) for name in stages}
    check_finite(network)
    seen = (weights_digest(network), images_digest(images), network.spec.preprocessing, count, _FORMAT)
    keys = {name: keep_key(name, *seen) for name in stages}
    found = {name: TopImages.from_arrays(read_kept(_KIND, key) or {}) for name, key in keys.items()}
    missing = [wanted[name] for name, top in found.items() if top is None]
    if missing:
        for name, top in _count(network, images, missing, count, progress).items():
            found[name] = top
            keep(_KIND, keys[name], top.arrays())
    return {name: top for name, top in found.items() if top is not None}


def _count(
    network: Network, images: ImageSet, stages: Sequence[Stage], count: int, progress: Progress | None
) -> dict[str, TopImages]:
    """Run the pictures through the network once, batch by batch, in smaller ones where memory runs out."""
    batch = BATCH
    while batch > 1:
        try:
            return _count_by(batch, network, images, stages, count, progress)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        batch //= 2
    with enough_memory():
        return _count_by(1, network, images, stages, count, progress)


def _count_by(
    batch: int, network: Network, images: ImageSet, stages: Sequence[Stage], count: int, progress: Progress | None
) -> dict[str, TopImages]:
    tallies = {stage.name: _Tally(count, len(images.classes), network.spec.name) for stage in stages}
    device = next(network.module.parameters()).device
    total = len(images.labels)
    for at in range(0, total, batch):
        labels = torch.from_numpy(images.labels[at : at + batch])
        pixels = torch.from_numpy(np.array(images.pixels[at : at + batch])).to(device)
        inputs = normalise(pixels, network.spec.pixels)
        add = partial(_add, tallies, labels, at)
        with network.lock, torch.no_grad():
            run_to(network.module, inputs, stages, add)
        if progress:
            progress(at + len(labels), total)
    return {name: tally.result() for name, tally in tallies.items()}


def _add(tallies: Mapping[str, _Tally], labels: Tensor, first: int, stage: Stage, maps: Tensor) -> None:
    tallies[stage.name].add(maps, labels, first)


def sample_images(images: ImageSet, most: int) -> ImageSet:
    """Return at most ``most`` images of a target, from all its classes in proportion; always the same ones."""
    if len(images.labels) <= most:
        return images
    by_class = np.argsort(images.labels, kind="stable")
    rows = np.sort(by_class[np.linspace(0, len(by_class) - 1, most).round().astype(np.int64)])
    return replace(
        images,
        pixels=PixelRows(images.pixels, rows),
        labels=images.labels[rows],
        parts=tuple(images.parts[at] for at in rows),
        names=tuple(images.names[at] for at in rows),
    )


def images_digest(images: ImageSet) -> str:
    """Return a fingerprint of a target's pictures at their size, and of their classes."""
    digest = hashlib.blake2b(digest_size=12)
    digest.update(f"{images.pixels.shape}{len(images.classes)}".encode())
    digest.update(np.ascontiguousarray(images.labels).data)
    for at in range(0, len(images.labels), BATCH):
        digest.update(np.ascontiguousarray(images.pixels[at : at + BATCH]).data)
    return digest.hexdigest()


class _Tally:
    """Keeps, batch by batch, the strongest images of each channel; never a map longer than its batch."""

    def __init__(self, count: int, class_count: int, network: str) -> None:
        self._count = count
        self._class_count = class_count
        self._network = network
        self._best: tuple[Tensor, Tensor, Tensor] | None = None  # values, images, places: (k, C)
        self._sums = torch.zeros(0)
        self._images = torch.zeros(class_count, dtype=torch.float64)
        self._range: tuple[Tensor, Tensor] | None = None
        self._side = 1

    def add(self, maps: Tensor, labels: Tensor, first: int) -> None:
        """Count a batch of feature maps (n, C, H, W) whose images are ``first`` and those after it in the set."""
        self._side = maps.shape[-1]
        flat = maps.permute(0, 2, 3, 1).flatten(1, 2)  # (n, positions, C): no copy in channels_last
        peaks, places = (value.float().cpu() if value.is_floating_point() else value.cpu() for value in flat.max(1))
        if not bool(torch.isfinite(peaks).all()):
            raise BadWeightsError(
                f"{self._network} gives values that are not finite for some images; load other weights."
            )
        images = torch.arange(first, first + len(peaks))[:, None].expand_as(peaks)
        self._keep_best(peaks, images, places)
        low, high = flat.amin(1).float().cpu().amin(0), peaks.amax(0)
        before = self._range or (low, high)
        self._range = torch.minimum(before[0], low), torch.maximum(before[1], high)
        if not len(self._sums):
            self._sums = torch.zeros(self._class_count, peaks.shape[1], dtype=torch.float64)
        self._sums.index_add_(0, labels, flat.clamp(min=0).mean(1).cpu().double())
        self._images += torch.bincount(labels, minlength=self._class_count)

    def _keep_best(self, *batch: Tensor) -> None:
        """Join a batch's peaks, images and places to the best so far; of equal peaks the earlier image stays first."""
        joined = batch if self._best is None else [torch.cat(pair) for pair in zip(self._best, batch, strict=True)]
        order = joined[0].sort(dim=0, descending=True, stable=True).indices[: self._count]
        values, images, places = (part.gather(0, order) for part in joined)
        self._best = (values, images, places)

    def result(self) -> TopImages:
        """Return what was counted."""
        if self._best is None or self._range is None:
            raise ValueError("no image was counted")
        values, images, places = (part.T.contiguous().numpy() for part in self._best)
        means = np.full((self._sums.shape[1], self._class_count), np.nan)
        present = (self._images > 0).numpy()
        means[:, present] = (self._sums / self._images[:, None]).T.numpy()[:, present]
        return TopImages(
            images=images,
            values=values,
            rows=places // self._side,
            columns=places % self._side,
            class_means=means,
            lowest=self._range[0].numpy(),
            highest=self._range[1].numpy(),
            side=self._side,
        )
