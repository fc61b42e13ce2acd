"""A target's images on two axes at every stage, turned so that a point moves little from one stage to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.diagnose.features import Features

MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class StagePlane:
    """One stage's picture of the images.

    ``places`` (n, 2) have mean zero and mean squared length one; ``explained`` is the share of the features'
    variance, 0 to 1, that the two axes keep.
    """

    stage: str
    places: NDArray[np.float64]
    explained: float


def map_stages(features: Mapping[str, Features]) -> list[StagePlane]:
    """Return the images' places by every stage's features (n, D), each turned to fit the stage before it."""
    planes: list[StagePlane] = []
    for stage, values in features.items():
        places, explained = principal_plane(values)
        if planes:
            places = turn_to(places, planes[-1].places)
        planes.append(StagePlane(stage, places, explained))
    return planes


def principal_plane(features: Features) -> tuple[NDArray[np.float64], float]:
    """Return the first two principal components (n, 2) of features (n, D) brought to the same length, and their share.

    Without any variance all places are zero.  The sign of an axis makes its largest loading positive, so that the same
    images always give the same picture.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features.astype(np.float64) / np.maximum(lengths, 1e-12)
    left, sizes, right = np.linalg.svd(directions - directions.mean(0), full_matrices=False)
    axes = min(2, len(sizes))
    signs = np.where(right[np.arange(axes), np.abs(right[:axes]).argmax(1)] < 0, -1.0, 1.0)
    places = np.zeros((len(features), 2))
    places[:, :axes] = left[:, :axes] * sizes[:axes] * signs
    total, kept = float((sizes**2).sum()), float((places**2).sum())
    if total < 1e-20:
        return np.zeros_like(places), 0.0
    return places / np.sqrt(kept / len(places)), kept / total


def turn_to(places: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places (n, 2) turned or mirrored as a whole to lie nearest to a target (n, 2).

    The orthogonal Procrustes problem (Schönemann 1966, https://doi.org/10.1007/BF02289451): distances stay.
    """
    left, _, right = np.linalg.svd(places.T @ target)
    turned: NDArray[np.float64] = places @ (left @ right)
    return turned
