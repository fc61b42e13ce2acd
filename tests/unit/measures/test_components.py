"""Principal components against a singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.components import principal_components, standardise, variances

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def normal(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, width))


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    for shape in ((50, 8), (20, 60)):
        features = normal(*shape) * np.arange(1, shape[1] + 1)
        scores, sizes = principal_components(features)
        left, values, _ = np.linalg.svd(features - features.mean(0), full_matrices=False)
        rank = min(shape[0] - 1, shape[1])
        assert scores.shape == (shape[0], rank)
        assert np.abs(scores) == pytest.approx(np.abs(left * values)[:, :rank], abs=1e-8)
        assert sizes == pytest.approx(values[:rank] ** 2 / shape[0])
        assert variances(features) == pytest.approx(sizes)
        assert (scores.max(0) >= -scores.min(0)).all()
        assert principal_components(features, 3)[0] == pytest.approx(scores[:, :3])
    assert standardise(np.ones((4, 2))).tolist() == [[0, 0]] * 4
