"""The same network with random weights: what its architecture alone sees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from tlviz.data.images import Rows
from tlviz.diagnose.features import BATCH
from tlviz.models.batchnorm import batchnorms, reestimate_statistics
from tlviz.models.hooks import kept_modes
from tlviz.models.load import Network, build_for_target
from tlviz.models.media import side_of

IMAGES = 256
"""BatchNorm statistics are estimated on at most this many images."""


def random_copy(network: Network, size: int, seed: int) -> Network:
    """Build a network's architecture for pictures of a side in pixels, with its library's own random weights."""
    return build_for_target(network.spec, ("", " "), pretrained=False, seed=seed, size=size)


def settle_batchnorms(network: Network, pixels: Rows) -> None:
    """Re-estimate the statistics of every BatchNorm on up to 256 pictures, uint8 (N, S, S, 3), evenly taken.

    Untouched, random weights would be normalised by the statistics of nothing (mean 0, variance 1), and lose far more
    than their training.
    """
    layers = batchnorms(network.module)
    if not layers:
        return
    chosen = np.linspace(0, len(pixels) - 1, min(IMAGES, len(pixels))).round().astype(np.int64)
    count = -(-len(chosen) // BATCH)

    def batches() -> Iterator[torch.Tensor]:
        for at in range(count):
            yield side_of(network.spec).make_inputs(pixels[chosen[at::count]], network.spec)

    with network.lock, kept_modes(network.module):
        reestimate_statistics(network.module, layers, batches())
