"""What a linear classifier says of pictures that it has not seen, as probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.probe import equalised

FOLDS = 5
REPEATS = 3
PENALTIES = (0.1, 0.3, 1.0, 3.0)
"""Ridge penalties that are tried, in units of the features' mean variance."""
SHARPNESS = tuple(2.0 ** (half / 2) for half in range(-4, 14))
"""Factors on scores before they are turned into probabilities."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def held_out_probabilities(features: NDArray[np.floating], labels: Ints, groups: Ints) -> Floats:
    """Return each picture's class probabilities (N, C) by classifiers trained on features (N, D) of the other folds.

    Ridge regression on one-hot labels (N,), the mean of ``REPEATS`` partitions into ``FOLDS`` parts; pictures of one
    group (N,) share a part, so a copy says nothing of its like.  Penalty and sharpness are those with the least
    log-loss on the given labels, so that probabilities are as sure as the labels bear out.
    """
    scaled = equalised(features)
    repeats = [_calibrated(scaled, labels, fold_numbers(labels, groups, seed)) for seed in range(REPEATS)]
    shares: Floats = np.mean(repeats, axis=0)
    return shares


def fold_numbers(labels: Ints, groups: Ints, seed: int) -> Ints:
    """Return the fold (N,) of each picture, drawn class by class, the same for all pictures of a group."""
    generator = np.random.default_rng(seed)
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    folds = np.zeros(len(first), np.int64)
    order = generator.permutation(len(first))
    for label in np.unique(labels):
        members = order[labels[first][order] == label]
        folds[members] = (np.arange(len(members)) + generator.integers(FOLDS)) % FOLDS
    return folds[inverse]


def held_out_scores(features: Floats, labels: Ints, folds: Ints, penalty: float) -> Floats:
    """Return what a ridge regression on the other folds says of each picture: (N, C)."""
    targets = np.eye(int(labels.max()) + 1)[labels]
    scores = np.zeros_like(targets)
    for fold in np.unique(folds):
        seen, left = folds != fold, folds == fold
        if not seen.any():
            continue
        mean, share = features[seen].mean(0), targets[seen].mean(0)
        centred = features[seen] - mean
        gram = centred.T @ centred
        gram[np.diag_indices_from(gram)] += penalty * np.trace(gram) / len(gram) + 1e-9
        weights = np.linalg.solve(gram, centred.T @ (targets[seen] - share))
        scores[left] = (features[left] - mean) @ weights + share
    return scores


def _calibrated(features: Floats, labels: Ints, folds: Ints) -> Floats:
    found = (
        _softmax(scores * sharpness)
        for scores in (held_out_scores(features, labels, folds, penalty) for penalty in PENALTIES)
        for sharpness in SHARPNESS
    )
    rows = np.arange(len(labels))
    return min(found, key=lambda shares: float(-np.log(np.maximum(shares[rows, labels], 1e-12)).mean()))


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(1, keepdims=True))
    shares: Floats = powers / powers.sum(1, keepdims=True)
    return shares
