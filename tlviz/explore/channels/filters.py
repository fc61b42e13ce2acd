"""The filters of a network's first layer as pictures: the only ones whose weights act on colours directly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tlviz.data.pixels.pictures import Pixels
from tlviz.models.load import Network
from tlviz.models.trace import is_weight_leaf

_RGB = 3


def first_weights(network: Network) -> NDArray[np.float32] | None:
    """Return the filters of the first stage's channels, (C, 3, k, k), those of patch embeddings too.

    None where the channels are not the filters of one layer that sees the red, green and blue of the picture.
    """
    stage = network.stages[0]
    layers = [
        layer
        for path in stage.modules
        for layer in network.module.get_submodule(path).modules()
        if is_weight_leaf(layer)
    ]
    if len(layers) != 1 or not isinstance(layers[0], nn.Conv2d):
        return None
    weight = layers[0].weight
    if weight.shape[1] != _RGB or weight.shape[0] != stage.channels:
        return None
    values: NDArray[np.float32] = weight.detach().float().cpu().numpy().copy()
    return values


def filter_pictures(filters: NDArray[np.float32]) -> Pixels:
    """Colour filters (C, 3, h, w), uint8 (C, h, w, 3): 128 is zero, and the largest weight of a filter is 1 or 255."""
    largest = np.abs(filters).reshape(len(filters), -1).max(1)
    scaled = filters / np.where(largest > 0, largest, 1.0)[:, None, None, None]
    return np.round(128 + 127 * np.nan_to_num(scaled)).astype(np.uint8).transpose(0, 2, 3, 1)
