"""How much of what varies between images varies between their classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.balanced import Ints


def separability(features: NDArray[np.floating], labels: Ints) -> float:
    """Return the share of the variance of features (N, D) that is between the classes, freed of chance.

    The adjusted correlation ratio (Ezekiel 1930): 1 - (N - 1) / (N - C) * within / total, traces of the scatter
    matrices.  0 on average for random labels however wide the features, 1 where every class is a point; may be
    slightly negative.  0 where nothing varies.  Raises ``ValueError`` where no class has two images.
    """
    points = np.asarray(features, np.float64)
    found = np.unique(labels)
    if len(points) <= len(found):
        raise ValueError(f"Separability needs more images than classes; got {len(points)} and {len(found)}.")
    total = float(((points - points.mean(0)) ** 2).sum())
    parts = [points[labels == label] for label in found]
    within = sum(float(((part - part.mean(0)) ** 2).sum()) for part in parts)
    return 1 - (len(points) - 1) / (len(points) - len(found)) * within / total if total > 0 else 0.0
