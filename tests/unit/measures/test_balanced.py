"""Means in which every class counts alike, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from tlviz.measures.balanced import balanced_mean
from tlviz.measures.probe import PENALTIES, linear_probe

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def drawn(count: int, width: int, classes: int, signal: float, seed: int = 0) -> tuple[Floats, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centres = generator.normal(size=(classes, width))
    return generator.normal(size=(count, width)) + signal * centres[labels], labels


def test_the_accuracy_is_balanced_and_its_error_that_of_repetition() -> None:
    features, labels = drawn(300, 10, 3, 0.6)
    labels = np.where((labels == 2) & (np.arange(300) % 2 == 0), 0, labels)
    probe = linear_probe(features, labels)
    guesses = np.where(probe.correct, labels, (labels + 1) % 3)
    assert probe.accuracy == pytest.approx(balanced_accuracy_score(labels, guesses))
    found = [linear_probe(*drawn(300, 10, 3, 0.6, seed)) for seed in range(40)]
    fixed = np.random.default_rng(0).normal(size=(3, 10))

    def again(seed: int) -> float:
        labels = np.arange(300) % 3
        noise = np.random.default_rng(seed + 100).normal(size=(300, 10))
        return linear_probe(noise + 0.3 * fixed[labels], labels).accuracy

    values = [again(seed) for seed in range(60)]
    one = linear_probe(
        np.random.default_rng(5).normal(size=(300, 10)) + 0.3 * fixed[np.arange(300) % 3], np.arange(300) % 3
    )
    assert one.standard_error == pytest.approx(np.std(values), rel=0.3)
    assert all(result.penalty in PENALTIES for result in found)


def test_balanced_means_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1])
    mean, error = balanced_mean(np.array([1, 1, 0, 0, 1, 0]), labels)
    assert mean == 0.5
    assert error == pytest.approx(np.sqrt((1 / 3) / 4 + (1 / 2) / 2) / 2)
    assert balanced_mean(np.ones(6), labels) == (1, 0)
    assert balanced_mean(np.zeros(6), labels) == (0, 0)
    counts = np.bincount(labels)
    expected = np.sqrt(sum(1 / (2 * (count + 1)) ** 2 for count in counts if count > 1)) / np.count_nonzero(counts)
    for hits in (np.ones(6, dtype=bool), np.zeros(6, dtype=bool)):
        assert balanced_mean(hits, labels)[1] == pytest.approx(expected), "all right is not certain"
