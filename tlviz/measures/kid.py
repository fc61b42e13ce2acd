"""The kernel distance between two sets of features, whatever their sizes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.balanced import Floats

_SPLITS = 20


def kid(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return the unbiased squared MMD of features (N, D) and (M, D) with the kernel (x'y / D + 1)^3.

    The Kernel Inception Distance (Binkowski et al. 2018, https://arxiv.org/abs/1801.01401): 0 on average for two
    samples of one distribution at any size, where the Frechet distance is not; may be negative.
    Raises ``ValueError`` with fewer than 2 rows on a side.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError(f"KID needs two images on each side; got {len(first)} and {len(second)}.")
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return _off_diagonal_mean(cubic(one, one)) + _off_diagonal_mean(cubic(two, two)) - 2 * float(cubic(one, two).mean())


def kid_noise(features: NDArray[np.floating], seed: int, splits: int = _SPLITS) -> float:
    """Return the root mean square of the KID between random halves of features (N, D), N at least 4."""
    points = np.asarray(features, np.float64)
    count, half = len(points), len(points) // 2
    kernel = cubic(points, points)
    np.fill_diagonal(kernel, 0)
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(splits):
        inside = np.zeros(count)
        inside[generator.permutation(count)[:half]] = 1
        outside = 1 - inside
        rows, others = kernel @ inside, count - half
        within = float(inside @ rows) / (half * (half - 1))
        beyond = float(outside @ (kernel @ outside)) / (others * (others - 1))
        found.append(within + beyond - 2 * float(outside @ rows) / (half * others))
    return math.sqrt(float(np.mean(np.square(found))))


def noise_between(noise_of_halves: float, count: int, first: int, second: int) -> float:
    """Scale the noise between halves of ``count`` images to samples of ``first`` and ``second`` images.

    By chance this statistic spreads in proportion to 1 / N + 1 / M.
    """
    return noise_of_halves * (1 / first + 1 / second) / (4 / count)


def cubic(first: Floats, second: Floats) -> Floats:
    """Return the kernel matrix (N, M) of rows (N, D) and (M, D)."""
    kernel: Floats = (first @ second.T / first.shape[1] + 1) ** 3
    return kernel


def _off_diagonal_mean(kernel: Floats) -> float:
    count = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
