"""How far features lie from those a network was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 5
SHARE = 0.99
"""Images of the target itself farther out than this share of the target's own are called out-of-distribution, too."""

_CHUNK = 2048


def neighbour_distances(
    features: NDArray[np.float32], reference: NDArray[np.float32], *, are_same: bool = False
) -> NDArray[np.float64]:
    """Return the distance (m,) of features (m, D) to their fifth nearest neighbour in a reference (n, D), 0 to 2.

    All are brought to length 1 first (Sun et al. 2022, https://arxiv.org/abs/2204.06507).  ``are_same`` says that both
    are the same images, of which none is its own neighbour.  Raises ``ValueError`` where there is no neighbour.
    """
    known = _unit(reference)
    nearest = min(NEIGHBOURS, len(known) - are_same)
    if nearest < 1:
        raise ValueError(f"A distance needs a neighbour; the reference holds {len(known)} images.")
    distances = []
    for at in range(0, len(features), _CHUNK):
        alike = _unit(features[at : at + _CHUNK]) @ known.T
        if are_same:
            alike[np.arange(len(alike)), at + np.arange(len(alike))] = -np.inf
        kth = np.partition(alike, len(known) - nearest, axis=1)[:, len(known) - nearest]
        distances.append(np.sqrt(np.maximum(0, 2 - 2 * kth)))
    return np.concatenate(distances) if distances else np.zeros(0)


def _unit(features: NDArray[np.float32]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    unit: NDArray[np.float64] = features / np.maximum(lengths, 1e-12)
    return unit
