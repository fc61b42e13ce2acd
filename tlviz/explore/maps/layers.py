"""A stage opened to its single layers: every module inside whose output is a feature map, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import UnknownNameError
from tlviz.explore.maps.feature_maps import Map
from tlviz.models.hooks import forward_hooks
from tlviz.models.layout import Shape, as_maps, find_layouts, grid_side
from tlviz.models.load import Network, normalise
from tlviz.models.spec import Layout, Stage, find_stage


@dataclass(frozen=True, slots=True)
class Inside:
    """The layers of a stage in execution order: feature maps (C, H, W) by dotted path, and their memory layouts."""

    maps: dict[str, Map]
    layouts: Mapping[str, Layout]


def look_inside(network: Network, pixels: Pixels, stage_name: str, only: str | None = None) -> Inside:
    """Run one picture, uint8 (S, S, 3), through a network and keep the output of every layer of a stage that is a map.

    Attention matrices, vectors and single numbers are no maps; a layer that passes its input on unchanged is left out,
    and of a module that is used several times the last use is kept.  With ``only`` that layer's map alone is kept.
    Hooks are gone afterwards, also after an exception; the network's lock is held meanwhile.
    Raises ``UnknownNameError`` for a stage or a layer that is not there.
    """
    stage = find_stage(network.stages[:-1], stage_name)
    outputs: dict[str, Tensor] = {}

    def take(path: str, output: Tensor) -> Shape:
        if only in (None, path):
            outputs[path] = output.clone()  # the next layer may work in place
        return tuple(output.shape)

    layouts = _map_layouts(_watch(network, pixels, [stage], take), stage)
    if only is not None and only not in layouts:
        raise UnknownNameError("layer", only, layouts)
    chosen = {path: layout for path, layout in layouts.items() if only in (None, path)}
    maps = {path: as_maps(outputs[path], layout)[0].float().cpu().numpy().copy() for path, layout in chosen.items()}
    return Inside(maps, chosen)


def layer_paths(network: Network) -> dict[str, tuple[str, ...]]:
    """Return the layers that ``look_inside`` finds in every stage of the backbone, from one pass that keeps no map."""
    size = network.spec.preprocessing.size
    stages = network.stages[:-1]
    shapes = _watch(network, np.zeros((size, size, 3), np.uint8), stages, lambda _, output: tuple(output.shape))
    found = {}
    for stage in stages:
        own = _layers(network, stage)
        found[stage.name] = tuple(_map_layouts({path: shapes[path] for path in shapes if path in own}, stage))
    return found


def _layers(network: Network, stage: Stage) -> dict[str, nn.Module]:
    return {
        f"{path}.{name}".rstrip("."): layer
        for path in stage.modules
        for name, layer in network.module.get_submodule(path).named_modules()
    }


def _watch(
    network: Network, pixels: Pixels, stages: Sequence[Stage], take: Callable[[str, Tensor], Shape]
) -> dict[str, Shape]:
    """Return the shape of each layer's output that may be a map, in the order of execution; ``take`` gives it."""
    layers = {path: layer for stage in stages for path, layer in _layers(network, stage).items()}
    kept: dict[str, Shape] = {}
    last: list[tuple[Tensor, int]] = []

    def keep(path: str, _layer: object, output: object) -> None:
        if not isinstance(output, Tensor) or output.ndim not in (3, 4) or output.shape[0] != 1:
            return
        if last and output is last[0][0] and output._version == last[0][1]:
            return  # passed on unchanged
        last[:] = [(output, output._version)]
        kept.pop(path, None)  # what ran last comes last
        kept[path] = take(path, output)

    inputs = normalise(torch.from_numpy(pixels.copy())[None], network.spec.pixels)
    with network.lock, forward_hooks(layers, keep), torch.no_grad():
        network.module(inputs)
    return kept


def _map_layouts(shapes: Mapping[str, Shape], stage: Stage) -> dict[str, Layout]:
    """Return the layers of a stage whose outputs are maps, and how they lie in memory."""
    layouts = dict(zip(shapes, find_layouts(shapes.values()), strict=True))
    tokens = 0
    if stage.layout is Layout.TOKENS:
        tokens = next((shape[1] for shape in reversed(list(shapes.values())) if len(shape) == 3), 0)
    return {path: layouts[path] for path, shape in shapes.items() if _is_map(shape, layouts[path], tokens)}


def _is_map(shape: tuple[int, ...], layout: Layout, tokens: int) -> bool:
    """Return whether an output has a grid of positions; in a stage of tokens it is theirs."""
    if layout is Layout.TOKENS:
        return shape[1] == tokens
    side = grid_side(shape, layout)
    rows = shape[2] if layout is Layout.MAPS else shape[1]
    return rows == side > 1 and (not tokens or side == isqrt(tokens))
