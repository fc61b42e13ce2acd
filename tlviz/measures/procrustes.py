"""Turning one set of points to fit another, so that what moves is the data and not the axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]


def standardised(places: Places) -> Places:
    """Return positions (n, 2) with mean zero and mean squared length one; points that all coincide become zeros."""
    centred = places - places.mean(0)
    size = float(np.sqrt((centred**2).sum(1).mean()))
    return centred / size if size > 1e-12 else np.zeros_like(centred)


def turn_to(places: Places, target: Places) -> Places:
    """Return positions (n, 2) rotated or mirrored as a whole to be nearest to a target (n, 2); distances stay.

    The orthogonal Procrustes problem (Schönemann 1966, https://doi.org/10.1007/BF02289451).
    """
    from scipy.linalg import orthogonal_procrustes  # scipy takes a while to import

    turned: Places = places @ orthogonal_procrustes(places, target)[0]
    return turned
