"""How far the channels of a target lie from those of the source, beside the noise within the target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.balanced import Floats

_SPLITS = 20
_FLOOR = 0.01
"""A channel of the source varies at least by this share of the mean variance: dead ones would outweigh all others."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over images, parted into random groups: ``counts`` (G,), means ``sums`` (G, C), mean squares ``squares``."""

    counts: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def of_features(cls, features: NDArray[np.floating], groups: NDArray[np.int64]) -> Moments:
        """Sum features (N, C) by the groups (N,) of their images."""
        points, among = np.asarray(features, np.float64), np.eye(int(groups.max()) + 1)[groups]
        return cls(among.sum(0), among.T @ points, among.T @ points**2)

    def of(self, chosen: NDArray[np.bool_] | None = None) -> tuple[Floats, Floats]:
        """Return mean and variance (C,) of the images in all or in the chosen groups."""
        rows = np.ones(len(self.counts), bool) if chosen is None else chosen
        count = self.counts[rows].sum()
        mean = self.sums[rows].sum(0) / count
        return mean, np.maximum(self.squares[rows].sum(0) / count - mean**2, 0)


def channel_distance(target: tuple[Floats, Floats], source: tuple[Floats, Floats]) -> float:
    """Return the distance between channels' means and variances (C,), in standard deviations of the source.

    The root mean square over channels of the 2-Wasserstein distance between normal distributions,
    ((m - m')^2 + (s - s')^2) / s'^2.
    """
    (mean, variance), (source_mean, source_variance) = target, source
    scale = np.maximum(source_variance, _FLOOR * float(source_variance.mean()))
    if not scale.all():
        scale = np.maximum(scale, max(float(variance.mean()), 1e-300))
    squares = (mean - source_mean) ** 2 + (np.sqrt(variance) - np.sqrt(source_variance)) ** 2
    return math.sqrt(float((squares / scale).mean()))


def distance_noise(moments: Moments, source: tuple[Floats, Floats], seed: int, splits: int = _SPLITS) -> float:
    """Return the root mean square distance between random halves of the groups, in the source's units.

    ``source`` is mean and variance (C,): halves lie at the source, moved by half of their difference to each side.
    """
    generator = np.random.default_rng(seed)
    groups = len(moments.counts)
    found = []
    for _ in range(splits):
        chosen = np.zeros(groups, bool)
        chosen[generator.permutation(groups)[: groups // 2]] = True
        (mean, variance), (other_mean, other_variance) = moments.of(chosen), moments.of(~chosen)
        deviation = np.maximum(np.sqrt(source[1]) + np.sqrt(variance) - np.sqrt(other_variance), 0)
        found.append(channel_distance((source[0] + mean - other_mean, deviation**2), source) ** 2)
    return math.sqrt(float(np.mean(found)))


def above_noise(distance: float, noise_of_halves: float, count: int, other: int | None) -> float:
    """Return a distance in units of its noise, freed of the noise itself: 0 where it is no more than that.

    ``noise_of_halves`` is the distance between halves of ``count`` images; a squared distance to a sample of ``other``
    images (None: endless) has on average (1 / count + 1 / other) / (4 / count) of their square by chance.
    """
    chance = noise_of_halves**2 * (1 + (count / other if other else 0)) / 4
    if chance <= 0:
        return 0.0
    return math.sqrt(max(0.0, distance**2 / chance - 1))
