"""The same network with random weights: what its architecture alone sees."""

from __future__ import annotations

import numpy as np
import torch

from tlviz.data.pixels.lazy_rows import PixelRows
from tlviz.data.pixels.pictures import Pixels
from tlviz.diagnose.features import BATCH
from tlviz.diagnose.stage_pass import batchnorms
from tlviz.models.hooks import kept_modes
from tlviz.models.load import Network, build_for_target, normalise

IMAGES = 256
"""BatchNorm statistics are estimated on at most this many images."""


def random_copy(network: Network, size: int, seed: int) -> Network:
    """Build a network's architecture for pictures of a side in pixels, with its library's own random weights."""
    return build_for_target(network.spec, ("", " "), pretrained=False, seed=seed, size=size)


def settle_batchnorms(network: Network, pixels: Pixels | PixelRows) -> None:
    """Re-estimate the statistics of every BatchNorm on up to 256 pictures, uint8 (N, S, S, 3), evenly taken.

    Untouched, random weights would be normalised by the statistics of nothing (mean 0, variance 1), and lose far more
    than their training.
    """
    layers = batchnorms(network.module)
    if not layers:
        return
    chosen = np.linspace(0, len(pixels) - 1, min(IMAGES, len(pixels))).round().astype(np.int64)
    batches = -(-len(chosen) // BATCH)
    momenta = [layer.momentum for layer in layers]
    with network.lock, kept_modes(network.module), torch.no_grad():
        network.module.eval()
        try:
            for layer in layers:
                layer.reset_running_stats()
                layer.momentum = None  # the plain mean over batches
                layer.train()
            for at in range(batches):
                inputs = torch.from_numpy(np.array(pixels[chosen[at::batches]]))
                network.module(normalise(inputs, network.spec.preprocessing))
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum
