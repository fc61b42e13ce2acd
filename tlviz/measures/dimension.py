"""How many directions features use: counted by variance, and along the surface on which they lie."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.components import variances

_FEWEST = 10


def effective_rank(features: NDArray[np.floating]) -> float:
    """Return the effective rank of centred features (N, D): exp of the entropy of their singular values' shares.

    Roy & Vetterli 2007 (https://infoscience.epfl.ch/record/110188): k where k directions vary alike; 0 where nothing
    varies.
    """
    sizes = np.sqrt(variances(features))
    if not len(sizes):
        return 0.0
    shares = sizes / sizes.sum()
    return math.exp(-float((shares * np.log(shares)).sum()))


def intrinsic_dimension(features: NDArray[np.floating]) -> float | None:
    """Return the dimension of the surface on which features (N, D) lie, or None with fewer than 10 different points.

    TwoNN (Facco et al. 2017, https://doi.org/10.1038/s41598-017-11873-y) by maximum likelihood: the ratio of the
    distances to the second and the first neighbour is Pareto with the dimension as its exponent.  Copies are left out.
    """
    points = np.unique(np.asarray(features, np.float64), axis=0)
    if len(points) < _FEWEST:
        return None
    squares = (points**2).sum(1)
    distances = squares[:, None] + squares[None] - 2 * points @ points.T
    np.fill_diagonal(distances, np.inf)
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    is_apart = first > 1e-12 * np.median(squares + 1e-300)
    logarithms = 0.5 * np.log(second[is_apart] / first[is_apart])
    total = float(logarithms.sum())
    return (len(logarithms) - 1) / total if total > 0 and len(logarithms) >= _FEWEST else None
