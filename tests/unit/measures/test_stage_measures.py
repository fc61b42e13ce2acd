"""Known answers of nearest neighbours, TransRate, dimensions, separability, KID and channel shift."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.components import principal_components, standardise, variances
from tlviz.measures.dimension import effective_rank, intrinsic_dimension
from tlviz.measures.kid import kid, kid_noise, noise_between
from tlviz.measures.separability import separability
from tlviz.measures.shift import Moments, above_noise, channel_distance, distance_noise
from tlviz.measures.transrate import transrate, transrate_above_chance

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def normal(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, width))


def rotation(width: int) -> Floats:
    return np.linalg.qr(normal(width, width, 9))[0]


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    for shape in ((50, 8), (20, 60)):
        features = normal(*shape) * np.arange(1, shape[1] + 1)
        scores, sizes = principal_components(features)
        left, values, _ = np.linalg.svd(features - features.mean(0), full_matrices=False)
        rank = min(shape[0] - 1, shape[1])
        assert scores.shape == (shape[0], rank)
        assert np.abs(scores) == pytest.approx(np.abs(left * values)[:, :rank], abs=1e-8)
        assert sizes == pytest.approx(values[:rank] ** 2 / shape[0])
        assert variances(features) == pytest.approx(sizes)
        assert (scores.max(0) >= -scores.min(0)).all()
        assert principal_components(features, 3)[0] == pytest.approx(scores[:, :3])
    assert standardise(np.ones((4, 2))).tolist() == [[0, 0]] * 4


def test_transrate_of_random_labels_is_nought_and_of_separate_classes_is_not() -> None:
    labels = np.random.default_rng(1).integers(0, 4, 4000)
    assert transrate(normal(4000, 10), labels) == pytest.approx(0, abs=0.01)
    apart = normal(4000, 10) + 6 * np.eye(10)[labels]
    assert transrate(apart, labels) > 0.15
    assert transrate_above_chance(apart, labels, 0) == pytest.approx(transrate(apart, labels), abs=0.01)
    assert transrate(np.ones((50, 3)), labels[:50]) == transrate_above_chance(np.ones((50, 3)), labels[:50], 0) == 0


def test_transrate_is_the_formula_and_the_same_for_rotated_and_scaled_features() -> None:
    features, labels = normal(60, 8), np.arange(60) % 3
    scaled = features - features.mean(0)
    scaled /= np.sqrt((scaled**2).sum() / 60)

    def rate(z: Floats) -> float:
        return 0.5 * float(np.log(np.linalg.det(np.eye(8) + z.T @ z / (len(z) * 1e-4))))

    expected = rate(scaled) - sum(rate(scaled[labels == label]) / 3 for label in range(3))
    assert transrate(features, labels) == pytest.approx(expected / 8)
    assert transrate(7 * features @ rotation(8) + 2, labels) == pytest.approx(expected / 8)


def test_effective_rank_and_dimension_by_hand() -> None:
    assert effective_rank(np.repeat(np.eye(4), 2, 0) * 3) == pytest.approx(3), "four corners span three directions"
    line = np.outer(np.linspace(0, 1, 30), [1.0, 2, 3])
    assert effective_rank(line) == pytest.approx(1)
    assert effective_rank(np.ones((5, 3))) == 0
    assert effective_rank(normal(4000, 12)) == pytest.approx(12, rel=0.01)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_the_intrinsic_dimension_of_a_bent_surface_is_its_own(dimension: int) -> None:
    flat = np.random.default_rng(0).random((1500, dimension))
    bent = np.column_stack([np.sin(flat * 3), np.cos(flat * 2), flat**2]) @ normal(3 * dimension, 40)
    found = intrinsic_dimension(bent)
    assert found == pytest.approx(dimension, rel=0.15)
    assert intrinsic_dimension(np.vstack([bent, bent[:200]])) == pytest.approx(found, rel=1e-9), "copies say nothing"


def test_no_dimension_without_enough_points() -> None:
    assert intrinsic_dimension(np.ones((100, 3))) is None
    assert intrinsic_dimension(normal(9, 3)) is None


def test_separability_by_hand() -> None:
    labels = np.arange(40) % 2
    points = labels[:, None] * np.array([[10.0, 0]])
    assert separability(points, labels) == 1
    assert separability(np.ones((40, 2)), labels) == 0
    values = [separability(normal(60, 500, seed), np.arange(60) % 6) for seed in range(20)]
    assert np.mean(values) == pytest.approx(0, abs=0.002), "the plain share would be 5 / 59"
    with pytest.raises(ValueError, match="more images than classes; got 3 and 3"):
        separability(normal(3, 2), np.arange(3))


def test_kid_is_nought_within_its_noise_for_halves_and_is_the_formula() -> None:
    one, two = normal(5, 3), normal(4, 3, 1)
    first = np.mean([(one[i] @ one[j] / 3 + 1) ** 3 for i in range(5) for j in range(5) if i != j])
    second = np.mean([(two[i] @ two[j] / 3 + 1) ** 3 for i in range(4) for j in range(4) if i != j])
    across = np.mean([(x @ y / 3 + 1) ** 3 for x in one for y in two])
    assert kid(one, two) == pytest.approx(first + second - 2 * across)
    values = np.array([kid(normal(100, 200, seed), normal(100, 200, seed + 50)) for seed in range(40)])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(40), "unbiased, where the Frechet distance is not"
    noise = noise_between(kid_noise(normal(200, 200), 0), 200, 100, 100)
    assert noise == pytest.approx(np.sqrt((values**2).mean()), rel=0.35)
    with pytest.raises(ValueError, match="two images on each side; got 1 and 5"):
        kid(one[:1], one)


def test_kid_and_shift_grow_with_noise() -> None:
    source, target = np.abs(normal(200, 30)), np.abs(normal(200, 30, 1))
    statistics = source.mean(0), source.var(0)
    groups = np.arange(200) % 10
    kids, shifts = [], []
    for strength in (0, 0.5, 1, 2):
        changed = target + strength * np.abs(normal(200, 30, 2))
        kids.append(kid(changed, source) / kid_noise(target, 0))
        moments = Moments.of_features(changed, groups)
        noise = distance_noise(moments, statistics, 0)
        shifts.append(above_noise(channel_distance(moments.of(), statistics), noise, 200, 200))
    assert abs(kids[0]) < 3
    assert shifts[0] < 1.5
    assert kids == sorted(kids)
    assert shifts == sorted(shifts)
    assert kids[1] > 10
    assert shifts[1] > 4


def test_channel_distance_by_hand() -> None:
    source = np.array([1.0, 2.0]), np.array([4.0, 9.0])
    assert channel_distance(source, source) == 0
    target = np.array([3.0, 2.0]), np.array([4.0, 36.0])
    assert channel_distance(target, source) == pytest.approx(np.sqrt(((2 / 2) ** 2 + ((6 - 3) / 3) ** 2) / 2))
    dead = np.array([0.0, 0.0]), np.array([0.0, 1.0])
    assert channel_distance((np.array([1e-3, 0]), np.array([0.0, 1.0])), dead) < 0.02, (
        "a dead channel is not divided by 0"
    )
    nothing = np.zeros(2), np.zeros(2)
    assert channel_distance(nothing, nothing) == 0


def test_moments_are_those_of_the_features_and_of_chosen_groups() -> None:
    features, groups = normal(50, 4), np.arange(50) % 5
    moments = Moments.of_features(features, groups)
    mean, variance = moments.of()
    assert mean == pytest.approx(features.mean(0))
    assert variance == pytest.approx(features.var(0))
    chosen = np.array([True, False, False, True, False])
    inside = np.isin(groups, [0, 3])
    assert moments.of(chosen)[1] == pytest.approx(features[inside].var(0))


def test_shift_within_noise_for_two_halves() -> None:
    found = []
    for seed in range(20):
        features, groups = normal(200, 60, seed), np.arange(100) % 10
        source = features[100:].mean(0), features[100:].var(0)
        moments = Moments.of_features(features[:100], groups)
        noise = distance_noise(moments, source, seed)
        found.append(above_noise(channel_distance(moments.of(), source), noise, 100, 100))
    assert np.median(found) < 0.6
    assert max(found) < 1.5
    assert above_noise(1, 0, 10, None) == 0
