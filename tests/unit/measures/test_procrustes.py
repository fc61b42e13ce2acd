"""Turning points: rotations and mirror images are found, distances stay."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.procrustes import standardised, turn_to

POINTS = np.random.default_rng(1).normal(size=(30, 2))


@pytest.mark.parametrize("mirror", [1.0, -1.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, 2.5])
def test_a_turn_or_a_mirror_image_is_undone(angle: float, mirror: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * [mirror, 1.0]
    assert turn_to(POINTS @ turn, POINTS) == pytest.approx(POINTS)


def test_distances_stay_and_the_fit_is_no_worse() -> None:
    other = np.random.default_rng(2).normal(size=(30, 2))
    turned = turn_to(other, POINTS)
    assert np.linalg.norm(turned[0] - turned[1]) == pytest.approx(np.linalg.norm(other[0] - other[1]))
    assert ((turned - POINTS) ** 2).sum() <= ((other - POINTS) ** 2).sum()


def test_standardised_has_mean_zero_and_size_one() -> None:
    places = standardised(5 * POINTS + 3)
    assert places.mean(0) == pytest.approx([0, 0])
    assert (places**2).sum(1).mean() == pytest.approx(1)
    assert not standardised(np.ones((4, 2))).any()
