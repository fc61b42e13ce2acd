"""Which part of the picture one position of a feature map sees, measured by gradient."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadSettingError
from tlviz.explore.maps.feature_maps import Map
from tlviz.models.hooks import forward_hooks
from tlviz.models.layout import as_maps
from tlviz.models.load import Network, normalise
from tlviz.models.spec import Layout

PROBES = 4
"""This many pictures of noise are used besides the person's: where a ReLU or a pooling is closed in one, another opens
it, so that together they find everything that can reach the position."""


@dataclass(frozen=True, slots=True)
class FieldBox:
    """A part of the picture in pixels; ``bottom`` and ``right`` are the first beyond it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Field:
    """What a position sees: ``box`` is all that can reach it, None where nothing does.

    ``heat`` (S, S) is the absolute gradient on the person's picture, summed over colours and scaled to a highest value
    of 1; ``half_share`` is the share of the picture (0 to 1) whose pixels hold half of it.
    """

    box: FieldBox | None
    heat: Map
    half_share: float


class _Reached(Exception):  # noqa: N818  (no error: what follows the layer is not needed)
    """The wanted layer has run."""


def receptive_field(network: Network, pixels: Pixels, layer: str, layout: Layout, row: int, column: int) -> Field:
    """Measure what one position of a layer's output sees of a picture, uint8 (S, S, 3).

    The gradient of the position's channels, mixed at random (a plain sum is constant behind a LayerNorm), with respect
    to the picture: all that it reaches, on the picture and on noise, is the receptive field; how strong it is on the
    picture is the effective one (Luo et al. 2016, https://arxiv.org/abs/1701.04128).  Hooks are gone afterwards; the
    network's lock is held meanwhile.
    Raises ``BadSettingError`` for a position that is not on the map.
    """
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (PROBES, *pixels.shape), generator=generator, dtype=torch.uint8)
    batch = torch.cat([torch.from_numpy(pixels.copy())[None], noise])
    start = normalise(batch, network.spec.pixels).requires_grad_()
    found: list[Tensor] = []

    def keep(_path: str, _layer: object, output: Tensor) -> None:
        found.append(output.clone())
        raise _Reached

    layers = {layer: network.module.get_submodule(layer)}
    with network.lock, forward_hooks(layers, keep), torch.enable_grad():
        with suppress(_Reached):
            network.module(start.clone(memory_format=torch.channels_last))
        seen = as_maps(found[0], layout)
        _check_position(seen, layer, row, column)
        mixed = seen[:, :, row, column] @ torch.randn(seen.shape[1], generator=generator)
        (gradient,) = torch.autograd.grad(mixed.sum(), start)
    strength = gradient.abs().sum(1).numpy()
    return Field(_box(strength.max(0) > 0), *_heat(strength[0]))


def _check_position(seen: Tensor, layer: str, row: int, column: int) -> None:
    height, width = seen.shape[2:]
    for name, value, size in (("row", row, height), ("column", column, width)):
        if not 0 <= value < size:
            raise BadSettingError(f"The {name} is {value}; the map of {layer} has {name}s 0 to {size - 1}.")


def _box(reached: NDArray[np.bool_]) -> FieldBox | None:
    rows, columns = np.flatnonzero(reached.any(1)), np.flatnonzero(reached.any(0))
    if not len(rows):
        return None
    return FieldBox(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def _heat(strength: Map) -> tuple[Map, float]:
    """Return the gradient's strength scaled to 1, and the smallest share of the picture that holds half of it."""
    total = float(strength.sum())
    if not total:
        return np.zeros_like(strength), 0.0
    falling = np.sort(strength, axis=None)[::-1].cumsum(dtype=np.float64)
    count = int(np.searchsorted(falling, total / 2)) + 1
    return strength / strength.max(), count / strength.size
