"""Known answers of the linear probe."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.balanced import balanced_mean, balancing_weights
from tlviz.measures.probe import Ridge, equalised, linear_probe

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def drawn(count: int, width: int, classes: int, signal: float, seed: int = 0) -> tuple[Floats, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centres = generator.normal(size=(classes, width))
    return generator.normal(size=(count, width)) + signal * centres[labels], labels


def brute_force(features: Floats, targets: Floats, weights: Floats, penalty: float) -> Floats:
    """Leave each image out in turn and solve the normal equations with an unpenalised intercept."""
    count, width = features.shape
    bare = np.diag([0.0] + [penalty] * width)
    rows = np.column_stack([np.ones(count), features])
    found = np.empty_like(targets)
    for at in range(count):
        rest = np.arange(count) != at
        weighted = rows[rest].T * weights[rest]
        found[at] = rows[at] @ np.linalg.solve(weighted @ rows[rest] + bare, weighted @ targets[rest])
    return found


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 300.0])
def test_the_closed_form_is_leaving_out_by_brute_force(penalty: float) -> None:
    features, labels = drawn(40, 12, 3, 0.5)
    labels = np.where(np.arange(40) < 25, 0, labels)  # unequal classes
    targets, weights = np.eye(3)[labels], balancing_weights(labels)
    left_out = Ridge(features, targets, weights).left_out(penalty)
    assert np.abs(left_out - brute_force(features, targets, weights, penalty)).max() < 1e-10
    plain = np.ones(40)
    closed = Ridge(features, targets, plain).left_out(penalty)
    assert np.abs(closed - brute_force(features, targets, plain, penalty)).max() < 1e-10


def test_shares_left_out_are_those_of_the_other_images() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    weights = balancing_weights(labels)
    found = Ridge(np.zeros((6, 2)), np.eye(3)[labels], weights).shares_left_out()
    rest = np.arange(6) != 3
    expected = weights[rest] @ np.eye(3)[labels[rest]] / weights[rest].sum()
    assert found[3] == pytest.approx(expected, abs=1e-14)


def test_permuted_labels_lie_around_chance_in_narrow_and_wide_features() -> None:
    for width in (8, 64, 2048):
        features, labels = drawn(120, width, 6, 0)
        generator = np.random.default_rng(1)
        found = [linear_probe(features, generator.permutation(labels)).accuracy for _ in range(40)]
        assert np.mean(found) == pytest.approx(1 / 6, abs=0.02), width
        assert abs(linear_probe(features, labels).accuracy - np.mean(found)) < 3 * np.std(found), width


def test_classes_of_unequal_size_are_all_told_apart() -> None:
    """Without weights the rare class of 12 among 300 would never be guessed."""
    generator = np.random.default_rng(0)
    labels = np.array([0] * 288 + [1] * 12)
    features = generator.normal(size=(300, 5))
    features[labels == 1, 0] += 2
    probe = linear_probe(features, labels)
    assert probe.correct[labels == 1].mean() > 0.6
    assert probe.accuracy > 0.75


def test_wide_features_are_brought_to_the_same_capacity_without_labels() -> None:
    features, _ = drawn(100, 700, 2, 1)
    assert equalised(features).shape == (100, 50)
    assert equalised(drawn(1000, 700, 2, 1)[0]).shape == (1000, 256)
    assert equalised(features[:, :30]).shape == (100, 30)
    shifted = features * np.geomspace(1e-3, 1e3, 700) + 5
    assert equalised(shifted) == pytest.approx(equalised(features), abs=1e-8), "units of channels do not matter"


def test_dead_features_give_chance_and_no_warning() -> None:
    labels = np.arange(30) % 3
    probe = linear_probe(np.full((30, 4), 7.0), labels)
    assert probe.accuracy == pytest.approx(1 / 3)
    half_dead = np.column_stack([np.zeros(30), labels.astype(float)])
    assert linear_probe(half_dead, labels % 2).accuracy == 0.5, "0, 1 and 2 say nothing linear of odd and even"


def test_five_images_a_class_and_many_classes_give_numbers() -> None:
    features, labels = drawn(10, 2000, 2, 1)
    assert np.isfinite(linear_probe(features, labels).standard_error)
    features, labels = drawn(1200, 30, 300, 2)
    assert linear_probe(features, labels).accuracy > 0.5


def test_paired_differences_are_surer_than_separate_ones() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(400) % 4
    first = generator.random(400) < 0.7
    second = first & (generator.random(400) < 0.95)
    difference, paired = balanced_mean(first.astype(float) - second, labels)
    separate = np.hypot(balanced_mean(first, labels)[1], balanced_mean(second, labels)[1])
    assert difference > 0
    assert paired < separate / 2


@pytest.mark.parametrize("penalty", [1e-2, 30.0])
def test_groups_left_out_whole_are_those_of_brute_force(penalty: float) -> None:
    features, labels = drawn(40, 6, 3, 0.5)
    groups = np.array([0, 0, 0, 7, 7, *range(10, 45)])
    targets, weights = np.eye(3)[labels], balancing_weights(labels)
    expected = np.empty_like(targets)
    bare = np.diag([0.0] + [penalty] * 6)
    rows = np.column_stack([np.ones(40), features])
    for at in range(40):
        rest = groups != groups[at]
        weighted = rows[rest].T * weights[rest]
        expected[at] = rows[at] @ np.linalg.solve(weighted @ rows[rest] + bare, weighted @ targets[rest])
    ridge = Ridge(features, targets, weights, groups)
    assert np.abs(ridge.left_out(penalty) - expected).max() < 1e-10
    rest = groups != 0
    assert ridge.shares_left_out()[1] == pytest.approx(weights[rest] @ targets[rest] / weights[rest].sum())


def test_groups_of_one_change_nothing() -> None:
    features, labels = drawn(60, 12, 3, 0.5)
    alone = linear_probe(features, labels, np.arange(60)[::-1].copy())
    assert alone.correct.tolist() == linear_probe(features, labels).correct.tolist()


@pytest.mark.parametrize("value", [0.0, 3.7, -1e6])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_features_that_do_not_vary_are_chance(value: float, kind: type) -> None:
    """Sums in another order end in other digits; that is no difference between images."""
    noise = 1 + np.finfo(kind).eps * np.random.default_rng(0).integers(-2, 3, (60, 20))
    labels = np.arange(60) % 4
    for features in (np.full((60, 20), value, kind), (value * noise).astype(kind)):
        probe = linear_probe(features, labels)
        assert probe.accuracy == 0.25
        assert 0 < probe.standard_error < 0.1
    assert equalised((value * noise).astype(kind)).any() == np.False_


def test_small_differences_on_a_large_constant_count() -> None:
    features, labels = drawn(90, 8, 3, 3)
    shifted = (features * 1e-3 + 5).astype(np.float32)
    assert linear_probe(shifted, labels).accuracy == pytest.approx(linear_probe(features, labels).accuracy, abs=0.03)
