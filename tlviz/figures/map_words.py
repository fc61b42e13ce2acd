"""What a map of images shows, in a sentence that follows from where the images lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.diagnose.records import StageProfile

CLEAR, MIXED = 0.8, 1.5
"""Classes lie apart where this share of the images has its own kind beside it; they are mixed where it is less than
this many times what shuffled labels would give."""
MUCH = 0.5
"""From this share of the variance on a map keeps most of what there is."""


def nearest_alike(places: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return for each image at positions (n, 2) whether the nearest other one on the map has its label (n,)."""
    distances = ((places[:, None, :] - places[None, :, :]) ** 2).sum(-1)
    np.fill_diagonal(distances, np.inf)
    return np.asarray(labels[distances.argmin(1)] == labels)


def by_chance(labels: NDArray[np.int64]) -> float:
    """Return how often another image drawn at random has the same label."""
    counts = np.unique(labels, return_counts=True)[1]
    total = len(labels)
    return float((counts * (counts - 1)).sum() / (total * (total - 1))) if total > 1 else 0.0


def map_in_words(
    places: NDArray[np.floating], labels: NDArray[np.int64], classes: Sequence[str], explained: float
) -> str:
    """Say how far the classes lie apart on a map of positions (n, 2), and how much of the variance it can show."""
    if len(np.unique(labels)) < 2 or len(labels) < 3:
        return "There are too few images or classes to lie apart."
    alike, chance = nearest_alike(places, labels), by_chance(labels)
    share = float(alike.mean())
    beside = f"{share:.0%} of the images have one of their own class beside them, {chance:.0%} would by chance"
    if share >= CLEAR:
        words = f"The classes lie apart: {beside}."
    elif share < MIXED * chance:
        words = f"The classes are mixed: {beside}."
    else:
        words = f"The classes lie apart in part: {beside}."
    words += _extremes(alike, labels, classes)
    kept = f"The two axes keep {explained:.0%} of the variance"
    if explained >= MUCH:
        return f"{words} {kept}."
    if share >= CLEAR:
        return f"{words} {kept}; that is enough here."
    return f"{words} {kept}, so what overlaps here may still be apart."


def probe_in_words(stage: StageProfile) -> str:
    """Say what a probe on all of a stage's features gets right, and where that is no more than without meaning."""
    if stage.probe <= stage.permuted_high:
        return (
            f"A probe on all features gets {stage.probe:.0%} right, no more than with shuffled labels "
            f"({stage.permuted_high:.0%})."
        )
    if stage.gain <= 0:
        return f"A probe on all features gets {stage.probe:.0%} right, no more than with random weights."
    return f"A probe on all features gets {stage.probe:.0%} right, {stage.random_probe:.0%} with random weights."


def _extremes(alike: NDArray[np.bool_], labels: NDArray[np.int64], classes: Sequence[str]) -> str:
    """Name the class that lies most apart and the most mixed one, where they differ."""
    shares = {int(label): float(alike[labels == label].mean()) for label in np.unique(labels)}
    best, worst = max(shares, key=lambda label: shares[label]), min(shares, key=lambda label: shares[label])
    if shares[best] == shares[worst]:
        return ""
    return f" Most apart: {classes[best]} ({shares[best]:.0%}); most mixed: {classes[worst]} ({shares[worst]:.0%})."
