"""Separability against shares of variance worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.separability import separability

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def normal(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, width))


def test_separability_by_hand() -> None:
    labels = np.arange(40) % 2
    points = labels[:, None] * np.array([[10.0, 0]])
    assert separability(points, labels) == 1
    assert separability(np.ones((40, 2)), labels) == 0
    values = [separability(normal(60, 500, seed), np.arange(60) % 6) for seed in range(20)]
    assert np.mean(values) == pytest.approx(0, abs=0.002), "the plain share would be 5 / 59"
    with pytest.raises(ValueError, match="more images than classes; got 3 and 3"):
        separability(normal(3, 2), np.arange(3))
