"""Confident learning gives what can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.confident import (
    class_thresholds,
    confident_joint,
    confident_labels,
    contradicted,
    normalised_margins,
)

LABELS = np.array([0, 0, 0, 1, 1, 1])
SHARES = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.45, 0.55], [0.7, 0.3]])


def test_thresholds_are_mean_self_confidence() -> None:
    np.testing.assert_allclose(class_thresholds(SHARES, LABELS), [(0.9 + 0.8 + 0.1) / 3, (0.8 + 0.55 + 0.3) / 3])
    assert class_thresholds(np.eye(3), np.array([0, 1, 1]))[2] == np.inf, "a class without pictures is never reached"


def test_the_joint_counts_what_reaches_its_threshold() -> None:
    """Thresholds 0.6 and 0.55: the third is confidently 1, the last confidently 0, the fifth just reaches its own."""
    assert confident_labels(SHARES, LABELS).tolist() == [0, 0, 1, 1, 1, 0]
    np.testing.assert_allclose(confident_joint(SHARES, LABELS), [[2, 1], [1, 2]])
    unsure = np.vstack([SHARES, [0.5, 0.5]])
    labels = np.append(LABELS, 0)
    assert confident_labels(unsure, labels)[-1] == -1
    np.testing.assert_allclose(confident_joint(unsure, labels).sum(1), [4, 3], err_msg="rows hold all their pictures")


def test_the_joint_finds_the_planted_noise_of_a_sure_classifier() -> None:
    true = np.repeat([0, 1, 2], 50)
    labels = true.copy()
    labels[:10] = 1
    shares = np.full((150, 3), 0.05)
    shares[np.arange(150), true] = 0.9
    np.testing.assert_allclose(confident_joint(shares, labels), [[40, 0, 0], [10, 50, 0], [0, 0, 50]])
    assert np.flatnonzero(contradicted(shares, labels)).tolist() == list(range(10))


def test_a_class_of_which_nobody_is_sure_counts_as_right() -> None:
    shares = np.array([[0.9, 0.1, 0.0], [0.3, 0.35, 0.35], [0.2, 0.1, 0.7]])
    joint = confident_joint(shares, np.array([0, 1, 2]))
    np.testing.assert_allclose(joint, np.eye(3))


def test_margins_are_against_the_likeliest_other_class() -> None:
    np.testing.assert_allclose(normalised_margins(SHARES, LABELS), [0.8, 0.6, -0.8, 0.6, 0.1, -0.4])


def test_only_clear_contradictions_are_named() -> None:
    """Labels win by (0.8 + 0.6 + 0.6 + 0.1) / 4 = 0.525: the loss by 0.8 is clearer, that by 0.4 is not."""
    assert contradicted(SHARES, LABELS).tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize("classes", [2, 5])
def test_where_all_labels_lose_nothing_is_named(classes: int) -> None:
    labels = np.arange(classes)
    assert not contradicted(np.roll(np.eye(classes), 1, axis=1), labels).any()
