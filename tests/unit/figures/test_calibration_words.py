"""Sentences about calibration, from planted networks."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.figures.calibration_words import bins_in_words, calibration_in_words
from tlviz.measures.calibration import Calibration, calibration


def planted(confidence: float, share: float, count: int = 100) -> Calibration:
    """Return the calibration of a network that is right in a share of images and always as sure."""
    right = np.arange(count) < round(share * count)
    return calibration(np.tile([confidence, 1 - confidence], (count, 1)), np.where(right, 0, 1))


@pytest.mark.parametrize(
    ("confidence", "share", "words"),
    [
        (0.9, 0.9, "A cannot be told from a calibrated network: its error is 0.0%, and on 100 images"),
        (0.9, 0.88, "A cannot be told from a calibrated network: its error is 2.0%"),
        (0.9, 0.5, "A is too sure by 40.0% on average: its error is 40.0%"),
        (0.6, 0.9, "A is not sure enough by 30.0% on average: its error is 30.0%"),
    ],
)
def test_direction_and_chance(confidence: float, share: float, words: str) -> None:
    assert words in calibration_in_words({"A": planted(confidence, share)})


def test_errors_that_cancel_out() -> None:
    probabilities = np.repeat([[0.95, 0.05], [0.55, 0.45]], 60, axis=0)
    labels = np.concatenate([np.arange(60) % 2, np.zeros(60, int)])
    assert "A is too sure of some images and not sure enough of others" in calibration_in_words(
        {"A": calibration(probabilities, labels)}
    )


def test_bins_are_counted() -> None:
    spread = calibration(np.linspace([0.5, 0.5], [0.99, 0.01], 73), np.zeros(73, int))
    assert bins_in_words({"A": spread, "B": spread}) == "73 images in 4 bins of about 18, sorted by confidence."
    assert bins_in_words({"A": planted(0.9, 0.9, 8)}) == "8 images in one bin, sorted by confidence."
