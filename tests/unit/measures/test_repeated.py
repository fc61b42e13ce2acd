"""The error of a mean over runs: images and runs together."""

import math

import numpy as np
import pytest

from tlviz.measures.accuracy import standard_error
from tlviz.measures.repeated import mean_accuracy_error, run_variance


def test_one_run_has_wilsons_error() -> None:
    hits = np.arange(40) < 30
    assert mean_accuracy_error([0.75], 40, [hits], 0.0) == standard_error(0.75, 40)
    assert mean_accuracy_error([1.0], 35, [np.ones(35, bool)], 0.0) == standard_error(1.0, 35) > 0.02


def test_runs_that_err_on_the_same_images_are_worth_one_and_on_other_images_all() -> None:
    same = [np.arange(400) < 300] * 4
    assert mean_accuracy_error([0.75] * 4, 400, same, 0.0) == pytest.approx(standard_error(0.75, 400), rel=0.01)
    generator = np.random.default_rng(0)
    other = list(generator.random((4, 400)) < 0.75)
    mean = float(np.mean(other))
    error = mean_accuracy_error([float(h.mean()) for h in other], 400, other, 0.0)
    assert error == pytest.approx(standard_error(mean, 1600), rel=0.1)
    assert mean_accuracy_error([1.0] * 3, 35, [np.ones(35, bool)] * 3, 0.0) == standard_error(1.0, 35)


def test_what_runs_differ_by_beyond_their_images_is_added_and_shrinks_with_their_number() -> None:
    same = [np.arange(400) < 300] * 4
    base = mean_accuracy_error([0.75] * 4, 400, same, 0.0)
    assert mean_accuracy_error([0.75] * 4, 400, same, 0.01) == pytest.approx(math.hypot(base, math.sqrt(0.01 / 4)))


def test_without_hits_the_runs_own_spread_is_added() -> None:
    error = mean_accuracy_error([0.7, 0.8], 100, [], 0.0)
    assert error == pytest.approx(math.hypot(standard_error(0.75, 100), math.sqrt(0.005 / 2)))


def test_the_variance_between_runs_is_recovered_and_none_is_invented() -> None:
    generator = np.random.default_rng(0)
    luck = generator.normal(0, 0.05, (40, 6, 1))
    ease = generator.choice([0.25, 0.5, 0.75], (1, 1, 500))
    assert run_variance(generator.random((40, 6, 500)) < ease + luck) == pytest.approx(0.0025, rel=0.2)
    assert run_variance(generator.random((40, 6, 500)) < ease) < 0.0001
    assert run_variance([[np.ones(3, bool)], []]) == 0
