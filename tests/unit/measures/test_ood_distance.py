"""Distances to the nearest known images against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.ood_distance import neighbour_distances


def test_distances_ignore_length_and_leave_an_image_itself_out() -> None:
    reference = np.repeat(np.eye(3, dtype=np.float32), 6, axis=0)
    assert neighbour_distances(7 * np.eye(3, dtype=np.float32), reference) == pytest.approx([0, 0, 0])
    assert neighbour_distances(-np.eye(3, dtype=np.float32)[:1], reference) == pytest.approx([np.sqrt(2)])
    assert neighbour_distances(reference, reference, are_same=True) == pytest.approx([0] * 18)
    alone = np.eye(2, dtype=np.float32)
    assert neighbour_distances(alone, alone, are_same=True) == pytest.approx([np.sqrt(2)] * 2)
    with pytest.raises(ValueError, match="neighbour"):
        neighbour_distances(alone, alone[:1], are_same=True)


def test_distances_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    new, known = generator.normal(size=(7, 5)).astype(np.float32), generator.normal(size=(30, 5)).astype(np.float32)
    expected = []
    for one in new:
        far = sorted(np.linalg.norm(one / np.linalg.norm(one) - k / np.linalg.norm(k)) for k in known)
        expected.append(far[4])
    assert neighbour_distances(new, known) == pytest.approx(expected, abs=1e-6)
