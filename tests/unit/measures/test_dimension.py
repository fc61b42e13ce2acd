"""Known dimensions."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.dimension import effective_rank, intrinsic_dimension

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def normal(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, width))


def test_effective_rank_and_dimension_by_hand() -> None:
    assert effective_rank(np.repeat(np.eye(4), 2, 0) * 3) == pytest.approx(3), "four corners span three directions"
    line = np.outer(np.linspace(0, 1, 30), [1.0, 2, 3])
    assert effective_rank(line) == pytest.approx(1)
    assert effective_rank(np.ones((5, 3))) == 0
    assert effective_rank(normal(4000, 12)) == pytest.approx(12, rel=0.01)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_the_intrinsic_dimension_of_a_bent_surface_is_its_own(dimension: int) -> None:
    flat = np.random.default_rng(0).random((1500, dimension))
    bent = np.column_stack([np.sin(flat * 3), np.cos(flat * 2), flat**2]) @ normal(3 * dimension, 40)
    found = intrinsic_dimension(bent)
    assert found == pytest.approx(dimension, rel=0.15)
    assert intrinsic_dimension(np.vstack([bent, bent[:200]])) == pytest.approx(found, rel=1e-9), "copies say nothing"


def test_no_dimension_without_enough_points() -> None:
    assert intrinsic_dimension(np.ones((100, 3))) is None
    assert intrinsic_dimension(normal(9, 3)) is None
