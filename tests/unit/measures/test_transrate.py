"""Known answers of TransRate."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.transrate import transrate, transrate_above_chance

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def normal(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, width))


def rotation(width: int) -> Floats:
    return np.linalg.qr(normal(width, width, 9))[0]


def test_transrate_of_random_labels_is_nought_and_of_separate_classes_is_not() -> None:
    labels = np.random.default_rng(1).integers(0, 4, 4000)
    assert transrate(normal(4000, 10), labels) == pytest.approx(0, abs=0.01)
    apart = normal(4000, 10) + 6 * np.eye(10)[labels]
    assert transrate(apart, labels) > 0.15
    assert transrate_above_chance(apart, labels, 0) == pytest.approx(transrate(apart, labels), abs=0.01)
    assert transrate(np.ones((50, 3)), labels[:50]) == transrate_above_chance(np.ones((50, 3)), labels[:50], 0) == 0


def test_transrate_is_the_formula_and_the_same_for_rotated_and_scaled_features() -> None:
    features, labels = normal(60, 8), np.arange(60) % 3
    scaled = features - features.mean(0)
    scaled /= np.sqrt((scaled**2).sum() / 60)

    def rate(z: Floats) -> float:
        return 0.5 * float(np.log(np.linalg.det(np.eye(8) + z.T @ z / (len(z) * 1e-4))))

    expected = rate(scaled) - sum(rate(scaled[labels == label]) / 3 for label in range(3))
    assert transrate(features, labels) == pytest.approx(expected / 8)
    assert transrate(7 * features @ rotation(8) + 2, labels) == pytest.approx(expected / 8)
