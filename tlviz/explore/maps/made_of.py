"""How one channel's map comes about: every input of its convolution, times its filter, and their sum."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.maps.feature_maps import Map
from tlviz.models.load import Network, normalise
from tlviz.models.spec import find_stage

_ALIKE = 0.9999
"""A map is a convolution's where, beyond what an activation cuts off, it follows it this closely (correlation)."""
_FEWEST = 3
"""Positions that are needed to tell."""
TOLERANCE = 1e-4
"""Beyond this share of the largest value, a sum is not what the layer gave: it does more than a convolution."""


@dataclass(frozen=True, slots=True)
class Term:
    """One input: its channel, its map (h, w), its filter (kh, kw), and what their convolution is (H, W)."""

    channel: int
    inputs: Map
    filter: Map
    product: Map


@dataclass(frozen=True, slots=True)
class MadeOf:
    """A channel's map taken apart: ``layer`` is the convolution, ``channel`` its output.

    ``terms`` are the strongest of ``inputs`` many inputs; ``others`` (H, W) is the sum of the rest, ``bias`` what is
    added everywhere, ``total`` (H, W) what the layer gave, ``after`` (H, W) the map that was asked about, behind what
    follows the convolution; it is None where that is nothing.
    """

    layer: str
    channel: int
    terms: tuple[Term, ...]
    inputs: int
    others: Map
    bias: float
    total: Map
    after: Map | None


def made_of(
    network: Network, pixels: Pixels, stage_name: str, channel: int, shown: Map, most: int = 6
) -> MadeOf | None:
    """Take the map ``shown`` (H, W), a channel of a stage or of a layer in it, apart into its convolution's inputs.

    The picture is uint8 (S, S, 3).  The convolution is found by its output: ``shown`` follows it wherever the layers
    behind cut nothing off.  None where no single convolution of the stage made the map, as behind an addition.
    Raises ``UnknownNameError`` for another stage.
    """
    stage = find_stage(network.stages[:-1], stage_name)
    paths = {
        f"{path}.{name}".rstrip("."): layer
        for path in stage.modules
        for name, layer in network.module.get_submodule(path).named_modules()
        if isinstance(layer, nn.Conv2d)
    }
    seen = _watch(network, paths, pixels)
    for path in reversed(list(seen)):
        inputs, outputs = seen[path]
        for number in _likely(outputs, channel, shown):
            found = _take_apart(path, paths[path], inputs, outputs, number, shown, most)
            if found is not None:
                return found
    return None


def _watch(network: Network, layers: dict[str, nn.Conv2d], pixels: Pixels) -> dict[str, tuple[Tensor, Tensor]]:
    """Return inputs (C, h, w) and outputs (K, H, W) of convolutions in one pass, in the order of execution."""
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def hook(path: str) -> object:
        def note(_layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            seen[path] = inputs[0][0].clone(), output[0].clone()  # the next layer may work in place

        return note

    pictures = normalise(torch.from_numpy(pixels.copy())[None], network.spec.pixels)
    with network.lock, ExitStack() as stack, torch.no_grad():
        for path, layer in layers.items():
            stack.callback(layer.register_forward_hook(hook(path)).remove)  # type: ignore[arg-type]
        network.module(pictures)
    return seen


def _likely(outputs: Tensor, channel: int, shown: Map) -> list[int]:
    """Return the channels of a convolution whose outputs the map follows, the one of the same number first."""
    if tuple(outputs.shape[1:]) != shown.shape:
        return []
    values = outputs.double().cpu().numpy().reshape(len(outputs), -1)
    wanted = shown.astype(np.float64).ravel()
    inside = (wanted > wanted.min()) & (wanted < wanted.max())  # what an activation cut off says nothing
    if inside.sum() < _FEWEST:
        return []
    alike = [number for number, row in enumerate(values) if _follows(row[inside], wanted[inside])]
    return sorted(alike, key=lambda number: number != channel)


def _follows(values: NDArray[np.float64], wanted: NDArray[np.float64]) -> bool:
    one, other = values - values.mean(), wanted - wanted.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return size > 0 and float((one * other).sum()) >= _ALIKE * size


def _take_apart(
    path: str, layer: nn.Conv2d, inputs: Tensor, outputs: Tensor, channel: int, shown: Map, most: int
) -> MadeOf | None:
    """Return a convolution's output as the sum of its inputs, None where the layer does more than that."""
    per_group = layer.in_channels // layer.groups
    first = channel // (layer.out_channels // layer.groups) * per_group
    own = inputs[first : first + per_group]
    products = _products(layer, channel, own)
    bias = float(layer.bias[channel]) if layer.bias is not None else 0.0
    total = _array(outputs[channel])
    whole = products.sum(0) + bias
    if np.abs(whole - total).max() > TOLERANCE * max(1.0, float(np.abs(total).max())):
        return None
    order = np.argsort(-np.abs(products).mean((1, 2)), kind="stable")
    filters = _array(layer.weight[channel])
    terms = tuple(
        Term(first + int(at), _array(own[at]), filters[at], products[at].astype(np.float32)) for at in order[:most]
    )
    others = products[order[most:]].sum(0).astype(np.float32)
    is_same = np.array_equal(total, shown)
    return MadeOf(path, channel, terms, per_group, others, bias, total, None if is_same else shown)


def _products(layer: nn.Conv2d, channel: int, inputs: Tensor) -> NDArray[np.float64]:
    """Return every input (n, h, w) under its own filter of one channel, (n, H, W), in double precision.

    The layer's own forward computes it, so that padding, stride and dilation are its own, whatever kind it is of.
    """
    count = len(inputs)
    alone = copy.copy(layer)
    alone.__dict__["_parameters"] = {"bias": None}
    weight = layer.weight[channel].detach().double()[:, None]
    alone.weight = nn.Parameter(weight, requires_grad=False)
    alone.groups = alone.in_channels = alone.out_channels = count
    with torch.no_grad():
        found: NDArray[np.float64] = alone.forward(inputs.double()[None])[0].cpu().numpy()
    return found


def _array(values: Tensor) -> Map:
    found: Map = values.detach().float().cpu().numpy().copy()
    return found
