"""TransRate: how many more bits all features take than the features of each class for itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.balanced import Floats, Ints
from tlviz.measures.components import principal_components, variances

EPSILON = 1e-4
COMPONENTS = 32


def transrate(features: NDArray[np.floating], labels: Ints, epsilon: float = EPSILON) -> float:
    """Return the mutual information of features (N, D) and labels (N,) by coding rates, in nats for each dimension.

    Huang et al. 2022 (https://arxiv.org/abs/2106.09362): 1/2 logdet(I + Z'Z / (n eps)) less the classes' rates weighted
    by their share, Z centred and scaled to a mean squared length of 1, divided by its rank.  About 0 for random labels
    where N is far above D; with few images it is above, so compare it with permuted labels.  0 where nothing varies.
    """
    scaled = normalised(features)
    rank = len(variances(scaled)) if scaled.any() else 0
    return (coding_rate(scaled, epsilon) - _class_rates(scaled, labels, epsilon)) / rank if rank else 0.0


def transrate_above_chance(features: NDArray[np.floating], labels: Ints, seed: int, permutations: int = 5) -> float:
    """Return the TransRate of the first 32 principal components less its mean over permuted labels.

    With fewer images than dimensions the plain value depends on the width more than on the classes: divided by the
    rank it was highest at the narrow stem on every target tried, while with 32 components for every stage it goes with
    the probe and the neighbours.
    """
    scaled = normalised(principal_components(features, COMPONENTS)[0])
    rank: int = scaled.shape[1]
    if not rank:
        return 0.0
    generator = np.random.default_rng(seed)
    permuted = [_class_rates(scaled, generator.permutation(labels), EPSILON) for _ in range(permutations)]
    return (float(np.mean(permuted)) - _class_rates(scaled, labels, EPSILON)) / rank


def coding_rate(features: Floats, epsilon: float) -> float:
    """Return 1/2 logdet(I + Z'Z / (n eps)) of features (n, D), computed on the smaller side."""
    count, width = features.shape
    gram = features.T @ features if width <= count else features @ features.T
    gram /= count * epsilon
    gram[np.diag_indices(len(gram))] += 1
    return 0.5 * float(np.linalg.slogdet(gram)[1])


def normalised(features: NDArray[np.floating]) -> Floats:
    """Centre features (N, D) and scale them to a mean squared length of 1; all 0 where they do not vary."""
    centred = np.asarray(features, np.float64)
    centred = centred - centred.mean(0)
    size = float((centred**2).sum()) / len(centred)
    scaled: Floats = centred / np.sqrt(size) if size > 0 else centred
    return scaled


def _class_rates(scaled: Floats, labels: Ints, epsilon: float) -> float:
    parts = [scaled[labels == label] for label in np.unique(labels)]
    return sum(len(part) / len(scaled) * coding_rate(part, epsilon) for part in parts)
