"""Known answers of debiased linear CKA."""

from __future__ import annotations

import math

import pytest
import torch

from tlviz.measures.cka import cka_matrix, gram, hsic, linear_cka, minibatch_cka


def drawn(count: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_rotation_scale_and_shift_change_nothing() -> None:
    features = drawn(60, 20)
    rotation = torch.linalg.qr(drawn(20, 20, 1)).Q
    assert linear_cka(features, 3.5 * features @ rotation + 7) == pytest.approx(1, abs=1e-12)


def test_a_general_linear_map_lowers_it() -> None:
    features = drawn(60, 20)
    assert linear_cka(features, features @ drawn(20, 20, 1)) < 0.95


def test_independent_features_are_unrelated_even_where_the_biased_form_says_otherwise() -> None:
    """At 100 images and 2,000 directions the biased form gives 0.95."""
    values = [linear_cka(drawn(100, 2000, seed), drawn(100, 2000, seed + 50)) for seed in range(20)]
    assert abs(sum(values) / 20) < 0.02
    biased_one, biased_two = (drawn(100, 2000, seed) for seed in (0, 50))
    one, two = ((x - x.mean(0)) @ (x - x.mean(0)).T for x in (biased_one, biased_two))
    assert (one * two).sum() / (one.norm() * two.norm()) > 0.9


def test_hsic_is_the_formula_term_by_term() -> None:
    count = 7
    one, two = gram(drawn(count, 3)), gram(drawn(count, 5, 1))
    ones = torch.ones(count, dtype=torch.float64)
    expected = (
        torch.trace(one @ two)
        + (ones @ one @ ones) * (ones @ two @ ones) / ((count - 1) * (count - 2))
        - 2 / (count - 2) * (ones @ one @ two @ ones)
    ) / (count * (count - 3))
    assert hsic(one, two) == pytest.approx(float(expected), rel=1e-12)


def test_what_cannot_be_compared() -> None:
    assert math.isnan(linear_cka(torch.ones(10, 3), drawn(10, 3)))
    with pytest.raises(ValueError, match="at least 4; got 3 and 3"):
        linear_cka(drawn(3, 2), drawn(3, 2))


def test_batches_estimate_the_same_and_one_batch_is_the_same() -> None:
    first = drawn(600, 12)
    second = first @ drawn(12, 30, 1) + 3 * drawn(600, 30, 2)
    whole = linear_cka(first, second)
    assert minibatch_cka([(first, second)]) == pytest.approx(whole, rel=1e-12)
    parts = list(zip(first.split(40), second.split(40), strict=True))
    assert minibatch_cka(parts) == pytest.approx(whole, abs=0.03)
    mean = sum(linear_cka(one, two) for one, two in parts) / len(parts)
    assert minibatch_cka(parts) != pytest.approx(mean, abs=1e-6), "each HSIC is averaged before dividing"
    assert math.isnan(minibatch_cka([]))


def test_a_matrix_holds_every_pair() -> None:
    stages = [drawn(50, width, width) for width in (3, 8, 20)]
    matrix = cka_matrix(stages)
    for row, one in enumerate(stages):
        for column, two in enumerate(stages):
            assert matrix[row][column] == pytest.approx(linear_cka(one, two), abs=1e-12)
    across = cka_matrix(stages[:1], stages)
    assert across == [pytest.approx(matrix[0])]
    assert math.isnan(cka_matrix([torch.ones(50, 2)], stages)[0][0])


def test_a_matrix_of_many_images_is_that_of_their_batches_and_holds_no_gram_matrix_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = drawn(2500, 6)
    stages = [first, first @ drawn(6, 9, 1) + drawn(2500, 9, 2)]
    held: list[int] = []
    monkeypatch.setattr("tlviz.measures.cka.gram", lambda features: held.append(len(features)) or gram(features))
    matrix = cka_matrix(stages)
    assert max(held) < 1000
    assert matrix[0][1] == matrix[1][0] == pytest.approx(linear_cka(*stages), abs=0.01)
    assert matrix[0][0] == pytest.approx(1, abs=1e-12)
    assert cka_matrix(stages) == matrix


def test_batches_of_images_that_lie_class_by_class_are_mixed() -> None:
    """Each class in a batch of its own would leave only what varies within the classes, which is unrelated here."""
    classes = 4 * torch.eye(3, dtype=torch.float64).repeat_interleave(900, 0)
    stages = [classes @ drawn(3, 8, 9) + drawn(2700, 8, 1), classes @ drawn(3, 8, 9) + drawn(2700, 8, 2)]
    whole = linear_cka(*stages)
    assert whole > 0.9
    assert cka_matrix(stages)[0][1] == pytest.approx(whole, abs=0.01)
