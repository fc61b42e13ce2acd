"""A target's images on two axes: near one another where the network finds them alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.data.images import ImageSet
from tlviz.diagnose.features import extract_features
from tlviz.models.load import Network

MOST_IMAGES = 1000


@dataclass(frozen=True, slots=True)
class ImageMap:
    """``chosen`` (n,) are the images shown, ``places`` (n, 2) where, each axis from -1 to 1.

    ``explained`` is the share of the features' variance, 0 to 1, that the two axes keep.
    """

    chosen: NDArray[np.int64]
    places: NDArray[np.float64]
    explained: float


def map_images(network: Network, images: ImageSet, progress: Callable[[int, int], None] | None = None) -> ImageMap:
    """Project up to 1,000 images, the same share of each class, by the pooled features of the last backbone stage."""
    chosen = choose_images(images.labels, MOST_IMAGES)
    stage = network.stages[-2].name
    features = extract_features(network, images.pixels[chosen], [stage], progress)[stage]
    places, explained = project(features)
    return ImageMap(chosen, places, explained)


def choose_images(labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return all images, or evenly spaced ones of each class, together at most ``most``: sorted indices (n,)."""
    if len(labels) <= most:
        return np.arange(len(labels))
    found = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count = max(1, int(most * len(members) / len(labels)))
        found.append(members[np.linspace(0, len(members) - 1, count).round().astype(np.int64)])
    return np.sort(np.concatenate(found))[:most]


def project(features: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """Return the first two principal components of features (n, D), each scaled to -1 to 1, and their share (n, 2).

    Features are first brought to the same length, as cosine similarity does; the sign is such that the largest
    loading is positive, so that the same images always give the same picture.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features.astype(np.float64) / np.maximum(lengths, 1e-12)
    centred = directions - directions.mean(0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    axes = min(2, len(sizes))
    signs = np.sign(right[np.arange(axes), np.abs(right[:axes]).argmax(1)])
    places = np.zeros((len(features), 2))
    places[:, :axes] = left[:, :axes] * sizes[:axes] * np.where(signs == 0, 1, signs)
    total = float((sizes**2).sum())
    low, high = places.min(0), places.max(0)
    explained = float((sizes[:2] ** 2).sum() / total) if total else 0.0
    return (2 * places - low - high) / np.maximum(high - low, 1e-12), explained
