"""One pass of a network over a sample: the features of every backbone stage, and how far its BatchNorms are off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz.data.images import Rows
from tlviz.data.texts.rows import TokenRows
from tlviz.diagnose.features import BATCH, Features, extract_batch
from tlviz.measures.shift import Moments, channel_distance, distance_noise
from tlviz.models.batchnorm import BatchNormLayer, batchnorms
from tlviz.models.load import Network
from tlviz.models.stages import stage_modules

GROUPS = 10
"""Channel statistics are summed over this many random groups of images, which are combined into halves."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Shift:
    """A distance in standard deviations of the source, and the one between random halves of the target."""

    distance: float
    noise_of_halves: float


@dataclass(frozen=True, slots=True)
class StagePass:
    """Features (N, D) of the backbone's stages in order, shifts of those with BatchNorm, and what the pass took."""

    features: Mapping[str, Features]
    shifts: Mapping[str, Shift]
    forward_s: float


def run_stages(
    network: Network,
    pixels: Rows,
    *,
    seed: int | None = None,
    progress: Progress | None = None,
) -> StagePass:
    """Run a network once over pictures, uint8 (N, S, S, 3); with a seed, every stage's last BatchNorm gives its shift.

    ``progress`` gets the pictures done and their number after each batch, and may raise to end the pass.
    """
    begun = time.perf_counter()
    pixels, back = in_even_batches(pixels)
    names = [stage.name for stage in network.stages[:-1]]
    groups = None if seed is None else np.random.default_rng(seed).permutation(len(pixels)) % GROUPS
    tally = _Tally(network, groups)
    parts: list[dict[str, Features]] = []
    for at in range(0, len(pixels), BATCH):
        parts.append(extract_batch(network, pixels[at : at + BATCH], names, tally.of(at)))
        if progress:
            progress(min(at + BATCH, len(pixels)), len(pixels))
    features = {name: np.concatenate([part[name] for part in parts])[back] for name in names}
    return StagePass(features, tally.shifts(seed or 0), time.perf_counter() - begun)


def in_even_batches(items: Rows) -> tuple[Rows, Any]:
    """Return items in an order in which neighbours take the same room, and what brings results back into theirs."""
    if not isinstance(items, TokenRows):
        return items, ...
    order = np.argsort(items.lengths, kind="stable")
    return items.take(order), np.argsort(order)


class _Tally:
    """Sums of what enters each stage's last BatchNorm, by the groups (N,) of the images; None sums nothing.

    The last one alone: all of them took as long as the rest of the pass.
    """

    def __init__(self, network: Network, groups: NDArray[np.int64] | None) -> None:
        self._network, self._groups = network, groups
        self._layers: dict[str, BatchNormLayer] = {}
        if groups is not None:
            for stage in network.stages[:-1]:
                found = [layer for part in stage_modules(network.module, stage) for layer in batchnorms(part)]
                if found:
                    self._layers[stage.name] = found[-1]
        self._sums: dict[nn.Module, Tensor] = {
            layer: torch.zeros(2, GROUPS, layer.num_features, dtype=torch.float64) for layer in self._layers.values()
        }

    @contextmanager
    def of(self, start: int) -> Iterator[None]:
        """Sum up one batch that begins at an image; hooks are gone afterwards, also after an exception."""
        with ExitStack() as stack:
            for layer in self._sums:
                handle = layer.register_forward_pre_hook(self._hook(start))
                stack.callback(handle.remove)
            yield

    def _hook(self, start: int) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def hook(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            assert self._groups is not None  # noqa: S101 (no hooks without)
            x = inputs[0].float()
            axes = tuple(range(2, x.ndim))
            mean, square = (x.mean(axes), (x * x).mean(axes)) if axes else (x, x * x)
            groups = torch.from_numpy(self._groups[start : start + len(x)])
            for sums, values in zip(self._sums[layer], (mean, square), strict=True):
                sums.index_add_(0, groups, values.cpu().double())

        return hook

    def shifts(self, seed: int) -> dict[str, Shift]:
        """Return each stage's shift."""
        if self._groups is None:
            return {}
        counts = np.bincount(self._groups, minlength=GROUPS).astype(np.float64)
        return {name: _shift(layer, self._sums[layer], counts, seed) for name, layer in self._layers.items()}


def _shift(layer: BatchNormLayer, sums: Tensor, counts: NDArray[np.float64], seed: int) -> Shift:
    moments = Moments(counts, sums[0].numpy(), sums[1].numpy())
    source = tuple(
        value.cpu().double().numpy() for value in (layer.running_mean, layer.running_var) if value is not None
    )
    return shift_between(moments, (source[0], source[1]), seed)


def shift_between(target: Moments, source: tuple[NDArray[np.float64], NDArray[np.float64]], seed: int) -> Shift:
    """Return the distance of a target's channels to a source's means and variances (C,), and its noise."""
    return Shift(channel_distance(target.of(), source), distance_noise(target, source, seed))
