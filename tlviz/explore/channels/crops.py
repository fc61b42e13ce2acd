"""How much of a picture one position of a stage sees, measured by gradient, and the crop of the picture there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tlviz.explore.array_cache import keep, keep_key, read_kept
from tlviz.explore.partial_forward import run_to, weights_digest
from tlviz.models.load import Network
from tlviz.models.spec import Stage, find_stage

SHARE = 0.9
LEAST_CROP = 16
"""A crop of fewer pixels shows colours and nothing else."""
_KIND, _FORMAT = "fields", 1


@dataclass(frozen=True, slots=True)
class CropBox:
    """A square of a picture in pixels: its upper left corner and its side."""

    top: int
    left: int
    side: int


def crop_side(network: Network, stage: str, *, share: float = SHARE) -> int:
    """Return the side, in pixels, of the square around a position that holds a share of its gradient.

    The gradient of a random mixture of the stage's channels is taken at five positions around the middle, each on
    noise of its own; the median counts.  It is kept on disk.  A share of 1 gives the whole receptive field, which in
    deep networks is larger than the picture while its rim hardly matters (Luo et al. 2016,
    https://arxiv.org/abs/1701.04128).  The picture's own side where no gradient arrives.
    """
    wanted = find_stage(network.stages, stage)
    size = network.spec.preprocessing.size
    key = keep_key(stage, weights_digest(network), size, share, _FORMAT)
    known = read_kept(_KIND, key) or {}
    if "side" in known:
        return int(known["side"])
    side = _measure(network, wanted, size, share)
    keep(_KIND, key, {"side": np.array(side)})
    return side


def crop_box(side: int, size: int, grid: int, row: int, column: int) -> CropBox:
    """Return the square of ``side`` pixels around a position of a ``grid`` x ``grid`` map, moved to lie in the picture.

    ``size`` is the picture's side.  A square is never smaller than 16 pixels, nor larger than the picture.
    """
    side = min(size, max(side, LEAST_CROP))
    top, left = (round((at + 0.5) * size / grid - side / 2) for at in (row, column))
    return CropBox(max(0, min(top, size - side)), max(0, min(left, size - side)), side)


def _measure(network: Network, stage: Stage, size: int, share: float) -> int:
    generator = torch.Generator().manual_seed(0)
    device = next(network.module.parameters()).device
    noise = torch.randn(5, 3, size, size, generator=generator).to(device, memory_format=torch.channels_last)
    noise.requires_grad_()
    kept: list[tuple[Tensor, list[tuple[int, int]], int]] = []

    def mix(_stage: Stage, maps: Tensor) -> None:
        grid = maps.shape[-1]
        places = _places(grid)
        weights = torch.randn(maps.shape[1], generator=generator).to(device)
        total = sum(
            ((maps[at, :, row, column] * weights).sum() for at, (row, column) in enumerate(places)),
            torch.zeros((), device=device),
        )
        kept.append((total, places, grid))

    with network.lock, torch.enable_grad():
        run_to(network.module, noise + 0, [stage], mix)  # a copy: the first layer may work in place
        total, places, grid = kept[0]
        (gradient,) = torch.autograd.grad(total, noise)
    strength = gradient.abs().sum(1).cpu().double()
    sides = [_extent(strength[at], place, grid, share) for at, place in enumerate(places)]
    return round(float(np.median(sides)))


def _places(grid: int) -> list[tuple[int, int]]:
    """Return the middle of a grid and four positions around it."""
    middle, step = grid // 2, max(1, grid // 8) if grid > 2 else 0
    return [(middle + row * step, middle + column * step) for row, column in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))]


def _extent(strength: Tensor, place: tuple[int, int], grid: int, share: float) -> int:
    """Return the side of the smallest square around a position that holds a share of a picture's gradient (S, S)."""
    size = len(strength)
    centres = [(at + 0.5) * size / grid for at in place]
    pixels = torch.arange(size, dtype=torch.float64) + 0.5
    away = torch.maximum((pixels - centres[0]).abs()[:, None], (pixels - centres[1]).abs()[None])
    order = away.flatten().argsort()
    mass = strength.flatten()[order].cumsum(0)
    if mass[-1] <= 0:
        return size
    reached = int((mass < share * mass[-1] * (1 - 1e-9)).sum())
    return min(size, round(2 * float(away.flatten()[order[reached]]) + 1))
