"""What each stage makes of one picture: feature maps, their strongest channels, and the network's best guesses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadWeightsError
from tlviz.models.hooks import forward_hooks
from tlviz.models.layout import as_maps
from tlviz.models.load import Network, normalise

Map = NDArray[np.float32]


class Order(StrEnum):
    """Which channels come first.

    Those that rise highest above their own median somewhere, those of the highest mean absolute activation, of the
    largest spread over the picture, or the named.
    """

    STANDING_OUT = "standing out"
    STRONGEST = "strongest"
    VARIED = "most varied"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Guess:
    """One of the network's answers: class name, probability, 0 to 1, and the class's number."""

    name: str
    probability: float
    number: int


@dataclass(frozen=True, slots=True)
class StageActivations:
    """One picture seen by a network: ``maps`` holds float32 (C, H, W) for every stage but the head."""

    guesses: tuple[Guess, ...]
    maps: dict[str, Map]


def extract_feature_maps(network: Network, pixels: Pixels, guesses: int = 5) -> StageActivations:
    """Run one picture, uint8 (S, S, 3), through a network in eval mode and keep every stage's feature map.

    Hooks are gone afterwards, also after an exception; the network's lock is held meanwhile.
    Raises ``BadWeightsError`` where a stage answers with numbers that are not finite.
    """
    last = {stage.modules[-1]: stage for stage in network.stages[:-1]}
    maps: dict[str, Map] = {}

    def keep(path: str, _layer: object, output: Tensor) -> None:
        stage = last[path]
        seen = as_maps(output, stage.layout)[0]
        maps[stage.name] = seen.float().cpu().numpy().copy()  # the next layer may work in place

    layers = {path: network.module.get_submodule(path) for path in last}
    inputs = normalise(torch.from_numpy(pixels.copy())[None], network.spec.pixels)
    with network.lock, forward_hooks(layers, keep), torch.no_grad():
        logits = network.module(inputs)[0]
    _check_finite(network, maps, logits)
    return StageActivations(best_guesses(logits, network.classes, guesses), maps)


def _check_finite(network: Network, maps: dict[str, Map], logits: Tensor) -> None:
    broken = next((stage for stage, seen in maps.items() if not np.isfinite(seen).all()), None)
    if broken is None and not bool(logits.isfinite().all()):
        broken = network.stages[-1].name
    if broken is not None:
        raise BadWeightsError(
            f"{network.spec.title} gives values that are not finite from {broken} on: its weights are damaged "
            "or its training diverged; choose another network or run."
        )


def best_guesses(logits: Tensor, classes: Sequence[str], count: int) -> tuple[Guess, ...]:
    """Return the most probable classes of logits (C,), best first."""
    top = logits.softmax(0).topk(min(count, len(classes)))
    found = zip(top.values.tolist(), top.indices.tolist(), strict=True)
    return tuple(Guess(classes[number], probability, number) for probability, number in found)


def rank_channels(maps: Map, order: Order) -> NDArray[np.int64]:
    """Return all channel numbers (C,) of a feature map (C, H, W), the first in the chosen order at the front."""
    if order is Order.CHOSEN:
        return np.arange(len(maps), dtype=np.int64)
    score = _SCORES[order](maps)
    return np.argsort(-score, kind="stable").astype(np.int64)


def _strength(maps: Map) -> Map:
    score: Map = np.abs(maps).mean((1, 2))
    return score


def _inside_over_rim(maps: Map) -> Map:
    """Return how far each channel's mean inside of its map lies above that along the rim, (C,).

    What a picture shows lies inside, its background and its margin along the rim: a channel that lights up on these
    does not stand out, though it is strong and varied.  A map without an inside has nothing to stand out from.
    """
    inside = maps[:, 1:-1, 1:-1]
    if not inside.size:
        return _strength(maps)
    positions, inner = maps[0].size, inside[0].size
    total, within = maps.sum((1, 2), dtype=np.float64), inside.sum((1, 2), dtype=np.float64)
    score: Map = (within / inner - (total - within) / (positions - inner)).astype(np.float32)
    return score


_SCORES: dict[Order, Callable[[Map], Map]] = {
    Order.STANDING_OUT: _inside_over_rim,
    Order.STRONGEST: _strength,
    Order.VARIED: lambda maps: maps.std((1, 2)),
}


def pick_channels(maps: Map, order: Order, count: int, numbers: Sequence[int] = ()) -> NDArray[np.int64]:
    """Return the channels to show of a feature map (C, H, W): the named ones that exist, or the first in an order."""
    if order is Order.CHOSEN:
        return np.asarray([number for number in numbers if number < len(maps)], np.int64)
    return rank_channels(maps, order)[:count]


def silent_channels(maps: Map) -> NDArray[np.bool_]:
    """Return which channels (C,) of a feature map (C, H, W) are constant: nothing in the picture moves them.

    A map of a single position has nothing to vary over; there a channel is silent where it is zero.
    """
    flat = maps.reshape(len(maps), -1)
    silent: NDArray[np.bool_] = flat[:, 0] == 0 if flat.shape[1] == 1 else flat.max(1) == flat.min(1)
    return silent


def channel_numbers(place: str, maps: Map) -> list[dict[str, str | int | float | bool]]:
    """Return one row a channel of a feature map (C, H, W): what its activations are over the picture."""
    flat = maps.reshape(len(maps), -1)
    silent = silent_channels(maps)
    return [
        {
            "place": place,
            "channel": channel,
            "mean_absolute": float(np.abs(values).mean()),
            "mean": float(values.mean()),
            "deviation": float(values.std()),
            "lowest": float(values.min()),
            "highest": float(values.max()),
            "silent": bool(silent[channel]),
        }
        for channel, values in enumerate(flat)
    ]
