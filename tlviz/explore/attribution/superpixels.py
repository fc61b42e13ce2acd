"""Patches of like colour: a small version of SLIC (Achanta et al. 2012) without its last step."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from tlviz.data.pixels.pictures import Pixels

COMPACTNESS = 20.0
"""How much a distance of one grid step weighs against a difference in colour (0 to 255)."""
ROUNDS = 8

Labels = NDArray[np.int64]
Values = NDArray[np.float64]


def superpixels(pixels: Pixels, count: int) -> Labels:
    """Divide a picture, uint8 (S, S, 3), into at most ``count`` patches: labels (S, S) from 0 without gaps.

    k-means over colour and position, each pixel choosing among the centres of the 3 x 3 grid cells around its own.
    Patches may have stray pixels apart; they are a partition of the picture all the same.
    """
    side = len(pixels)
    cells = max(1, min(isqrt(count), side))
    features = _features(pixels, side / cells)
    home = np.minimum(np.arange(side) * cells // side, cells - 1)
    rows, columns = np.repeat(home, side), np.tile(home, side)
    labels = rows * cells + columns
    for _ in range(ROUNDS):
        labels = _nearest(features, _centres(features, labels, cells**2), rows, columns, cells)
    return np.unique(labels, return_inverse=True)[1].reshape(side, side).astype(np.int64)


def _features(pixels: Pixels, step: float) -> Values:
    """Return brightness, two colour differences and the scaled position of every pixel: (S*S, 5)."""
    red, green, blue = (pixels[..., at].astype(np.float64) for at in range(3))
    rows, columns = np.indices(pixels.shape[:2]) * (COMPACTNESS / step)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack([light, (red - green) / 2, (red + green) / 4 - blue / 2, rows, columns], axis=-1).reshape(-1, 5)


def _centres(features: Values, labels: Labels, count: int) -> Values:
    sizes = np.maximum(np.bincount(labels, minlength=count), 1)
    sums = [np.bincount(labels, weights=column, minlength=count) for column in features.T]
    return np.stack(sums, axis=1) / sizes[:, None]


def _nearest(features: Values, centres: Values, rows: Labels, columns: Labels, cells: int) -> Labels:
    best = np.full(len(features), np.inf)
    labels = rows * cells + columns
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = rows + down, columns + right
            inside = (row >= 0) & (row < cells) & (column >= 0) & (column < cells)
            candidate = np.where(inside, row * cells + column, 0)
            distance = np.where(inside, ((features - centres[candidate]) ** 2).sum(1), np.inf)
            labels = np.where(distance < best, candidate, labels)
            best = np.minimum(best, distance)
    return labels
