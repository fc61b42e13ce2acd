"""Noise of treatments in blocks, by hand and against scipy."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_rel, tukey_hsd

from tlviz.measures.blocks import block_noise, tukey_95
from tlviz.measures.paired import t_95

NAN = float("nan")


def test_two_treatments_are_the_paired_t_test() -> None:
    scores = np.array([[0.71, 0.65, 0.80, 0.74], [0.66, 0.64, 0.71, 0.70]])
    noise = block_noise(scores)
    assert noise is not None
    differences = scores[0] - scores[1]
    assert noise.degrees == 3
    assert noise.gap_error(4) == pytest.approx(differences.std(ddof=1) / 2)
    p = ttest_rel(*scores).pvalue
    assert noise.is_won(differences.mean(), 4) == noise.is_behind(differences.mean(), 4) == (p < 0.05)


@pytest.mark.parametrize("degrees", [1, 2, 4, 12, 60])
def test_of_two_the_range_is_the_difference(degrees: int) -> None:
    assert tukey_95(2, degrees) == pytest.approx(t_95(degrees), rel=1e-6)


@pytest.mark.parametrize(
    ("treatments", "degrees", "printed"), [(3, 4, 5.04), (7, 12, 4.95), (9, 16, 5.03), (5, 60, 3.98)]
)
def test_the_printed_table_of_the_studentised_range(treatments: int, degrees: int, printed: float) -> None:
    assert tukey_95(treatments, degrees) * math.sqrt(2) == pytest.approx(printed, abs=0.005)


def test_marks_are_tukeys_once_the_blocks_are_taken_off() -> None:
    """Without differences between blocks the residual is that of the one-way layout, but for its degrees of freedom."""
    generator = np.random.default_rng(3)
    scores = generator.normal(0, 1, (4, 60))
    scores += np.arange(4)[:, None] * 0.35
    scores -= scores.mean(0) - scores.mean()
    noise = block_noise(scores)
    assert noise is not None
    found = tukey_hsd(*scores)
    means = scores.mean(1)
    marked = [noise.is_behind(means.max() - mean, 60) for mean in means]
    assert marked == [bool(p < 0.05) for p in found.pvalue[int(means.argmax())]]
    assert 0 < sum(marked) < 4


def test_a_missing_run_costs_a_degree_and_no_more() -> None:
    whole = np.array([[0.7, 0.6, 0.8], [0.6, 0.5, 0.7], [0.5, 0.4, 0.6]]) + np.diag([0.01, 0.0, -0.01])
    torn = whole.copy()
    torn[2, 2] = NAN
    one, other = block_noise(whole), block_noise(torn)
    assert one is not None
    assert other is not None
    assert (one.degrees, other.degrees) == (4, 3)
    assert block_noise(np.array([[0.5, NAN], [NAN, 0.6]])) is None
    assert block_noise(np.array([[0.5], [0.6]])) is None


def test_a_treatment_without_any_run_is_none() -> None:
    noise = block_noise(np.array([[0.7, 0.6, 0.8], [NAN, NAN, NAN], [0.5, 0.45, 0.6]]))
    assert noise is not None
    assert (noise.treatments, noise.degrees) == (2, 2)


def test_images_that_suit_one_treatment_are_a_noise_that_no_seed_takes_away() -> None:
    """Each treatment knows 50 images of 100 for certain: by the paired images the error is sqrt(2 / 4 / 100)."""
    first, second = np.arange(100) < 50, np.arange(100) >= 50
    hits = [[first] * 3, [second] * 3]
    scores = np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
    noise = block_noise(scores, hits)
    assert noise is not None
    assert noise.images == pytest.approx(1 / 4 / 99 * 2)
    assert noise.residual == pytest.approx(0.25 / 100), (
        "no run differs from another of its kind, so the images stand in"
    )


def test_treatments_that_err_alike_have_no_noise_of_their_images() -> None:
    generator = np.random.default_rng(0)
    easy = generator.random(200) < 0.7
    hits = [[np.where(generator.random(200) < 0.1, ~easy, easy) for _ in range(5)] for _ in range(4)]
    noise = block_noise(np.array([[h.mean() for h in row] for row in hits]), hits)
    assert noise is not None
    assert noise.images < 0.1 * noise.residual


def test_differences_that_are_all_the_same_say_nothing() -> None:
    scores = np.array([[0.5, 0.6, 0.7], [0.4, 0.5, 0.6]])
    hits = [[np.arange(10) < round(10 * score) for score in row] for row in scores]
    noise = block_noise(scores, hits)
    assert noise is not None
    assert noise.residual > 0
    assert not noise.is_behind(0.1, 3)
