"""How hard a target pulls at each stage, once a head is fitted to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.data.images import Rows
from tlviz.diagnose.features import Features
from tlviz.diagnose.linear_head import Ints, fit_head
from tlviz.measures.relative_gradients import relative_gradients
from tlviz.models.hooks import forward_hooks, kept_modes
from tlviz.models.load import Network
from tlviz.models.media import side_of
from tlviz.models.stages import named_stage_parameters

BATCHES, BATCH = 4, 32


def stage_gradients(
    network: Network,
    pixels: Rows,
    features: Features,
    labels: Ints,
    progress: Callable[[int, int], None] | None = None,
) -> list[float]:
    """Return each backbone stage's relative gradient norm, divided by the largest: (stages,).

    From 4 batches of 32 pictures, uint8 (N, S, S, 3), after a linear head was fitted to the last stage's features
    (N, D) and labels (N,) from 0.  In eval mode; the network is left as it was.
    """
    weight, bias = fit_head(features, labels)
    module = network.module
    chosen = np.linspace(0, len(pixels) - 1, min(BATCHES * BATCH, len(pixels))).round().astype(np.int64)
    count = -(-len(chosen) // BATCH)

    def losses() -> Iterator[Tensor]:
        for at in range(count):
            rows = chosen[at::count]
            seen = _features_of(network, pixels[rows])
            yield nn.functional.cross_entropy(seen @ weight.T + bias, torch.from_numpy(labels[rows]))
            if progress:
                progress(at + 1, count)

    members = [[parameter for _, parameter in named_stage_parameters(module, stage)] for stage in network.stages[:-1]]
    with network.lock, kept_modes(module):
        module.eval()
        return relative_gradients(members, losses())


def _features_of(network: Network, pixels: Any) -> Tensor:
    """Return the pooled features (n, D) of the last backbone stage, with their graph."""
    last, side = network.stages[-2], side_of(network.spec)
    inputs = side.make_inputs(pixels, network.spec)
    found: list[Tensor] = []

    def keep(_path: str, _layer: nn.Module, output: Tensor) -> None:
        found.append(side.pool_features(output, last.layout, inputs, network.spec))

    path = last.modules[-1]
    with forward_hooks({path: network.module.get_submodule(path)}, keep):
        network.module(inputs)
    return found[-1].float()
