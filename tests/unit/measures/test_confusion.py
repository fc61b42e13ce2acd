"""Confusion and F1 against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.confusion import confusion_matrix, f1_scores, worst_classes

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


def test_the_classes_with_the_most_errors_from_and_to_them_are_named() -> None:
    matrix = np.diag([5, 5, 5, 5])
    matrix[1, 3] = 2
    matrix[0, 3] = 1
    assert worst_classes([matrix], 2) == [1, 3]
    assert worst_classes([matrix, matrix.T], 3) == [0, 1, 3]
    assert worst_classes([matrix], 4) == [0, 1, 2, 3]
