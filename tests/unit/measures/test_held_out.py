"""What is said of a picture rests on the others alone."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.held_out import FOLDS, fold_numbers, held_out_probabilities, held_out_scores


def clusters(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(90) % 3
    return np.eye(3, 8)[labels] * 3 + generator.normal(0, 0.5, (90, 8)), labels


def test_groups_and_classes_are_spread_over_the_folds() -> None:
    labels = np.repeat([0, 1], [50, 10])
    groups = np.arange(60)
    groups[:4] = 0
    folds = fold_numbers(labels, groups, 0)
    assert len(set(folds[:4])) == 1
    assert np.bincount(folds[50:], minlength=FOLDS).tolist() == [2] * FOLDS
    assert not np.array_equal(folds, fold_numbers(labels, groups, 1))


def test_scores_are_the_ridge_on_the_other_folds() -> None:
    features, labels = clusters(0)
    folds = fold_numbers(labels, np.arange(90), 0)
    scores = held_out_scores(features, labels, folds, 0.3)
    seen = folds != 2
    centred = features[seen] - features[seen].mean(0)
    targets = np.eye(3)[labels]
    penalty = 0.3 * np.trace(centred.T @ centred) / 8
    weights = np.linalg.inv(centred.T @ centred + penalty * np.eye(8)) @ centred.T @ targets[seen]
    expected = (features[~seen] - features[seen].mean(0)) @ weights + targets[seen].mean(0)
    np.testing.assert_allclose(scores[~seen], expected, atol=1e-8)


def test_a_pictures_own_label_does_not_reach_its_scores() -> None:
    features, labels = clusters(1)
    folds = fold_numbers(labels, np.arange(90), 0)
    changed = labels.copy()
    changed[7] = (labels[7] + 1) % 3
    before, after = (held_out_scores(features, given, folds, 1.0) for given in (labels, changed))
    np.testing.assert_allclose(before[folds == folds[7]], after[folds == folds[7]])
    assert not np.allclose(before, after)


def test_probabilities_are_sure_where_classes_are_apart_and_unsure_where_nothing_tells() -> None:
    features, labels = clusters(2)
    sure = held_out_probabilities(features, labels, np.arange(90))
    np.testing.assert_allclose(sure.sum(1), 1)
    assert sure[np.arange(90), labels].min() > 0.9
    noise = np.random.default_rng(0).normal(size=(90, 8))
    unsure = held_out_probabilities(noise, labels, np.arange(90))
    assert unsure[np.arange(90), labels].mean() == pytest.approx(1 / 3, abs=0.05)
    assert unsure.max() < 0.7


def test_constant_features_tell_nothing() -> None:
    labels = np.arange(20) % 2
    shares = held_out_probabilities(np.ones((20, 4)), labels, np.arange(20))
    np.testing.assert_allclose(shares, 0.5, atol=0.05)
