"""Principal components: the directions in which features vary most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NOTHING = 1e-12
"""Variances below this share of the largest are rounding."""
_ROUNDINGS = 16
"""The sums within a stage add up rounding errors; more than this many of the last digit are a difference."""


def standardise(features: NDArray[np.floating]) -> Floats:
    """Return features (N, D) with mean 0 and variance 1 in every column that varies; the others are 0."""
    values = np.asarray(features, dtype=np.float64)
    centred = values - values.mean(0)
    spread = centred.std(0)
    is_flat = (spread <= 1e-10 * max(float(spread.max(initial=0)), 1e-300)) | (spread <= rounding(features))
    scaled: Floats = np.where(is_flat, 0.0, centred / np.where(is_flat, 1.0, spread))
    return scaled


def rounding(features: NDArray[np.floating]) -> Floats:
    """Return the spread (D,) that columns of features (N, D) may have by the rounding of their own precision alone."""
    kind = np.asarray(features).dtype
    precision = float(np.finfo(kind).eps) if kind.kind == "f" else float(np.finfo(np.float64).eps)
    sizes: Floats = _ROUNDINGS * precision * np.abs(np.asarray(features, dtype=np.float64)).max(0, initial=0.0)
    return sizes


def principal_components(features: NDArray[np.floating], most: int | None = None) -> tuple[Floats, Floats]:
    """Return the scores (N, r) of features (N, D) on their principal axes, and the variances (r,), largest first.

    ``r`` is the rank, at most ``most``.  A component's sign is such that its largest score is positive.
    """
    centred = np.asarray(features, dtype=np.float64)
    centred = centred - centred.mean(0)
    count, width = centred.shape
    if width <= count:
        values, axes = np.linalg.eigh(centred.T @ centred)
        scores = centred @ axes[:, ::-1]
    else:
        values, axes = np.linalg.eigh(centred @ centred.T)
        scores = axes[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0))
    kept = _real(values[::-1], most)
    scores = scores[:, :kept]
    signs = np.sign(scores[np.abs(scores).argmax(0), np.arange(kept)])
    return scores * signs, values[::-1][:kept] / count


def variances(features: NDArray[np.floating]) -> Floats:
    """Return the variances (r,) of features (N, D) along their principal axes, largest first."""
    centred = np.asarray(features, dtype=np.float64)
    centred = centred - centred.mean(0)
    count, width = centred.shape
    values = np.linalg.eigvalsh(centred.T @ centred if width <= count else centred @ centred.T)[::-1]
    found: Floats = values[: _real(values, None)] / count
    return found


def _real(values: Floats, most: int | None) -> int:
    """Count the eigenvalues, largest first, that are more than rounding."""
    rank = int((values > _NOTHING * max(float(values[0]), 1e-300)).sum())
    return rank if most is None else min(rank, most)
