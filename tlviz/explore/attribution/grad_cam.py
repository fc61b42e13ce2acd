"""Grad-CAM at every stage from one pass forward and one back, for feature maps and for tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.activations import (
    RecordedActivations,
    RecordedLayer,
    find_map_stage,
    record_activations,
    recorded_layers,
)
from tlviz.explore.attribution.context import (
    ClassScore,
    RawMap,
    Ticker,
    choose_target,
    enough_memory,
    laid_over,
    to_inputs,
)
from tlviz.models.load import Network
from tlviz.models.spec import Layout, Stage

CamResult = tuple[ClassScore, float, dict[str, RawMap]]


def grad_cams(
    network: Network,
    pixels: Pixels,
    *,
    target: int | None,
    contrast: int | None,
    stages: Sequence[str] | None = None,
    ticker: Ticker | None = None,
) -> CamResult:
    """Return the score's function, its value, and Grad-CAM (Selvaraju et al. 2017) at the named stages, None for all.

    One forward and one backward pass serve all stages.  The network must be ``prepared``.
    """
    wanted = (
        [find_map_stage(network, name) for name in stages]
        if stages is not None
        else list(_unique(recorded_layers(network)))
    )
    ticker = ticker or Ticker()
    ticker.plan(2)
    ticker.tick(1)
    with enough_memory(), record_activations(network.module, _needed(network, wanted)) as seen:
        logits = network.module(to_inputs(network, pixels))
        score = ClassScore(network.module, choose_target(network, logits, target, contrast), contrast, ticker)
        value = score.pick(logits)
        ticker.tick(1)
        gradients = seen.gradients(value.sum())
    maps, side = seen.maps(), len(pixels)
    return score, float(value.detach()), {stage.name: _draw(stage, seen, maps, gradients, side) for stage in wanted}


def class_activation(maps: Tensor, gradients: Tensor) -> Tensor:
    """Return Grad-CAM before its ReLU, (h, w): maps (1, C, h, w) weighted by their channels' mean gradients."""
    weights = gradients.mean((2, 3), keepdim=True)
    return (weights * maps).sum(1)[0]


def telling_layer(stage: Stage, seen: RecordedActivations, gradients: Mapping[str, Tensor]) -> tuple[str, str]:
    """Return the path of a stage's last layer that the score depends on, and a remark where it is not the end.

    Where a class token answers, the patches of the last block's end are never read again: their gradient is zero.
    """
    before = [layer for layer in seen.layers if layer.path in gradients]
    until = max(at for at, layer in enumerate(before) if layer.stage.name == stage.name)
    for at in range(until, -1, -1):
        if bool(gradients[before[at].path].any()):
            is_end = at == until
            return before[at].path, "" if is_end else (
                f"Read at {before[at].path}, before the last attention: only the class token is used after it."
            )
    return before[until].path, ""


def _draw(
    stage: Stage, seen: RecordedActivations, maps: Mapping[str, Tensor], gradients: Mapping[str, Tensor], side: int
) -> RawMap:
    path, note = telling_layer(stage, seen, gradients) if stage.layout is Layout.TOKENS else (stage.modules[-1], "")
    raw = class_activation(maps[path], gradients[path]).float()
    if not bool((raw > 0).any()):
        note = "Nothing at this stage supports this class."
    return RawMap(laid_over(torch.relu(raw), side), raw, note=note)


def _needed(network: Network, stages: Sequence[Stage]) -> list[RecordedLayer]:
    """Return the layers of the named stages; of tokens also all before, to which a silent end falls back."""
    layers, names = recorded_layers(network), {stage.name for stage in stages}
    last = max(at for at, layer in enumerate(layers) if layer.stage.name in names)
    has_tokens = any(stage.layout is Layout.TOKENS for stage in stages)
    return [
        layer
        for layer in layers[: last + 1]
        if layer.stage.name in names or (has_tokens and layer.stage.layout is Layout.TOKENS)
    ]


def _unique(layers: Sequence[RecordedLayer]) -> dict[Stage, None]:
    return dict.fromkeys(layer.stage for layer in layers)
