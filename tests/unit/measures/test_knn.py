"""Known answers of nearest neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from tlviz.measures.knn import knn_correct, neighbours_for


def normal(count: int, width: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(size=(count, width))


def test_neighbours_by_brute_force() -> None:
    labels = np.arange(60) % 3
    features = normal(60, 5) + np.eye(5)[labels]
    expected = []
    for at in range(60):
        rest = np.arange(60) != at
        judge = KNeighborsClassifier(1, metric="cosine").fit(features[rest], labels[rest])
        expected.append(judge.predict(features[at : at + 1])[0] == labels[at])
    assert knn_correct(features, labels, 1).tolist() == expected
    assert knn_correct(features * 50, labels).tolist() == knn_correct(features, labels).tolist()


def test_several_neighbours_vote_by_brute_force() -> None:
    labels = np.arange(90) % 3
    features = normal(90, 5) + np.eye(5)[labels]
    expected = []
    for at in range(90):
        rest = np.arange(90) != at
        judge = KNeighborsClassifier(7, metric="cosine").fit(features[rest], labels[rest])
        votes = np.sort(judge.predict_proba(features[at : at + 1])[0])
        is_tie = votes[-1] == votes[-2]
        expected.append(None if is_tie else judge.predict(features[at : at + 1])[0] == labels[at])
    found = knn_correct(features, labels, 7).tolist()
    decided = [(one, other) for one, other in zip(found, expected, strict=True) if other is not None]
    assert len(decided) > 70
    assert all(one == other for one, other in decided)


def test_neighbours_are_as_many_as_classes_allow() -> None:
    assert neighbours_for(np.arange(400) % 4) == 20
    assert neighbours_for(np.arange(10) % 2) == 4
    labels = np.arange(10) % 2
    far = np.eye(2)[labels] + 0.01 * normal(10, 2)
    assert knn_correct(far, labels).all()


def at_angles(*degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    turned = np.radians(degrees)
    return np.stack([np.cos(turned), np.sin(turned)], 1)


@pytest.mark.parametrize("own", [0, 1])
def test_of_equal_counts_the_class_whose_neighbours_are_more_alike_wins(own: int) -> None:
    features = at_angles(0, 2, -3, 20, -25, 170, 175, 185)
    labels = np.array([own, own, own, 1 - own, 1 - own, own, own, own])
    assert knn_correct(features, labels, 4)[0]
    labels[0] = 1 - own
    assert not knn_correct(features, labels, 4)[0]


def test_a_majority_of_far_neighbours_beats_fewer_near_ones() -> None:
    features, labels = at_angles(0, 1, -1, 150, 160, 170), np.array([0, 1, 1, 0, 0, 0])
    assert knn_correct(features, labels, 5)[0]
