"""A stage opened to its single layers: every module inside whose output is a feature map, in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

import numpy as np
import torch
from torch import Tensor

from tlviz.data.pictures import Pixels
from tlviz.errors import UnknownNameError
from tlviz.explore.feature_maps import Map
from tlviz.models.hooks import forward_hooks
from tlviz.models.layout import as_maps, find_layouts, grid_side
from tlviz.models.load import Network, normalise
from tlviz.models.spec import Layout, Stage


@dataclass(frozen=True, slots=True)
class Inside:
    """The layers of a stage in execution order: feature maps (C, H, W) by dotted path, and how each lies in memory."""

    maps: dict[str, Map]
    layouts: Mapping[str, Layout]


def find_stage(network: Network, name: str) -> Stage:
    """Return a stage of the backbone by its name.  Raises ``UnknownNameError``."""
    for stage in network.stages[:-1]:
        if stage.name == name:
            return stage
    raise UnknownNameError("stage", name, [stage.name for stage in network.stages[:-1]])


def look_inside(network: Network, pixels: Pixels, stage_name: str) -> Inside:
    """Run one picture, uint8 (S, S, 3), through a network and keep the output of every layer of a stage that is a map.

    Attention matrices, vectors and single numbers are no maps; a layer that passes its input on unchanged is left out,
    and of a module that is used several times the last use is kept.  Hooks are gone afterwards, also after an
    exception; the network's lock is held meanwhile.  Raises ``UnknownNameError`` for a stage that is not there.
    """
    stage = find_stage(network, stage_name)
    layers = {
        f"{path}.{name}".rstrip("."): layer
        for path in stage.modules
        for name, layer in network.module.get_submodule(path).named_modules()
    }
    outputs: dict[str, Tensor] = {}

    def keep(path: str, _layer: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim in (3, 4) and output.shape[0] == 1:
            outputs.pop(path, None)  # what ran last comes last
            outputs[path] = output.detach().clone()  # the next layer may work in place

    inputs = normalise(torch.from_numpy(pixels.copy())[None], network.spec.preprocessing)
    with network.lock, forward_hooks(layers, keep), torch.no_grad():
        network.module(inputs)
    return _as_inside(outputs, stage)


def _as_inside(outputs: Mapping[str, Tensor], stage: Stage) -> Inside:
    layouts = dict(zip(outputs, find_layouts(tuple(output.shape) for output in outputs.values()), strict=True))
    end = outputs.get(stage.modules[-1])
    tokens = end.shape[1] if end is not None and stage.layout is Layout.TOKENS else 0
    maps: dict[str, Map] = {}
    last: Map | None = None
    for path, output in outputs.items():
        if not _is_map(tuple(output.shape), layouts[path], tokens):
            continue
        seen: Map = as_maps(output, layouts[path])[0].float().cpu().numpy().copy()
        if last is not None and np.array_equal(seen, last, equal_nan=True):
            continue
        maps[path] = last = seen
    return Inside(maps, {path: layouts[path] for path in maps})


def _is_map(shape: tuple[int, ...], layout: Layout, tokens: int) -> bool:
    """Tell whether an output has a grid of positions; in a stage of tokens it is theirs."""
    if layout is Layout.TOKENS:
        return shape[1] == tokens
    side = grid_side(shape, layout)
    rows = shape[2] if layout is Layout.MAPS else shape[1]
    return rows == side > 1 and (not tokens or side == isqrt(tokens))
