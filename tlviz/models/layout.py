"""The memory layout of a stage's output, and the two forms used everywhere else: feature maps and features."""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt

from torch import Tensor

from tlviz.models.spec import Layout

Shape = tuple[int, ...]


def find_layouts(shapes: Iterable[Shape]) -> list[Layout]:
    """Return the layouts of a network's outputs, made from square pictures.

    Of four axes the two equal ones are the grid; where all three are equal, the network's other outputs decide.
    """
    outputs = list(shapes)
    last = sum(len(s) == 4 and s[1] == s[2] != s[3] for s in outputs)
    first = sum(len(s) == 4 and s[1] != s[2] == s[3] for s in outputs)
    return [_layout(shape, is_last=last > first) for shape in outputs]


def _layout(shape: Shape, *, is_last: bool) -> Layout:
    if len(shape) == 4:
        if shape[1] != shape[2] and shape[2] == shape[3]:
            return Layout.MAPS
        if shape[1] == shape[2] != shape[3]:
            return Layout.MAPS_LAST
        return Layout.MAPS_LAST if is_last else Layout.MAPS
    return Layout.TOKENS if len(shape) == 3 else Layout.FLAT


def channels(shape: Shape, layout: Layout) -> int:
    """Return the number of channels of an output."""
    return shape[1] if layout in (Layout.MAPS, Layout.FLAT) else shape[-1]


def grid_side(shape: Shape, layout: Layout) -> int:
    """Return the number of positions along one side of an output's grid, 1 for a flat one."""
    if layout is Layout.TOKENS:
        return isqrt(shape[1])
    return {Layout.MAPS: shape[-1], Layout.MAPS_LAST: shape[-2]}[layout] if layout is not Layout.FLAT else 1


def as_maps(output: Tensor, layout: Layout) -> Tensor:
    """Return an output as feature maps (N, C, H, W); extra tokens are left out, a flat one has one position."""
    match layout:
        case Layout.MAPS:
            return output
        case Layout.MAPS_LAST:
            return output.permute(0, 3, 1, 2)
        case Layout.TOKENS:
            side = isqrt(output.shape[1])
            grid = output[:, output.shape[1] - side**2 :].transpose(1, 2)
            return grid.reshape(*grid.shape[:2], side, side)
    return output.flatten(1)[:, :, None, None]


def as_features(output: Tensor, layout: Layout) -> Tensor:
    """Return an output as features (N, D): the mean over its positions, or over its tokens."""
    if layout is Layout.TOKENS:
        return output.mean(1)
    return as_maps(output, layout).mean((2, 3))
