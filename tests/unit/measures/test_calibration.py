"""Calibration against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.calibration import calibration, softmax


def test_the_calibration_error_of_two_bins_by_hand() -> None:
    probabilities = np.array([[0.95, 0.05], [0.91, 0.09], [0.35, 0.65], [0.65, 0.35]])
    found = calibration(probabilities, np.array([0, 1, 1, 0]))
    assert [(held.count, held.accuracy) for held in found.bins] == [(2, 1.0), (2, 0.5)]
    assert [held.confidence for held in found.bins] == pytest.approx([0.65, 0.93])
    assert found.error == pytest.approx(0.5 * 0.35 + 0.5 * 0.43)
    assert sum(held.count for held in found.bins) == 4


def test_who_is_always_sure_and_right_is_perfectly_calibrated() -> None:
    assert calibration(np.eye(3), np.arange(3)).error == 0
    assert calibration(np.eye(3), np.array([1, 2, 0])).error == 1
    with pytest.raises(ValueError, match="at least one"):
        calibration(np.zeros((0, 2)), np.zeros(0, dtype=int))


def test_a_probability_on_an_edge_belongs_to_the_bin_below_it() -> None:
    (held,) = calibration(np.array([[0.5, 0.5]]), np.array([0])).bins
    assert (held.low, held.high) == (0.4, 0.5)


def test_softmax_of_large_logits() -> None:
    assert softmax(np.array([[1000.0, 1000.0]])).tolist() == [[0.5, 0.5]]
    assert softmax(np.array([[0.0, np.log(3)]]))[0].tolist() == pytest.approx([0.25, 0.75])
