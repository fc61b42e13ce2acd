"""Confusion, calibration and distances against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.calibration import calibration, softmax
from tlviz.measures.confusion import confusion_matrix, f1_scores
from tlviz.measures.ood_distance import neighbour_distances

LABELS = np.array([0, 0, 0, 1, 1, 2])
GUESSES = np.array([0, 0, 1, 1, 1, 0])


def test_a_confusion_matrix_counts_labels_by_row_and_guesses_by_column() -> None:
    matrix = confusion_matrix(LABELS, GUESSES, 4)
    assert matrix.tolist() == [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert matrix.sum() == len(LABELS)
    assert np.trace(matrix) == (LABELS == GUESSES).sum()


def test_f1_is_the_harmonic_mean_and_unknown_for_a_class_that_does_not_occur() -> None:
    scores = f1_scores(confusion_matrix(LABELS, GUESSES, 4))
    precision, recall = 2 / 3, 2 / 3
    assert scores[0] == pytest.approx(2 * precision * recall / (precision + recall))
    assert scores[1] == pytest.approx(4 / 5)
    assert scores[2] == 0
    assert np.isnan(scores[3])


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
