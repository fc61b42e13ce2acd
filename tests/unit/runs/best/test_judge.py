"""What a winner is worth: intervals that hold what they say, and no signal where labels mean nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.runs.best.judge import (
    NESTED,
    TEST,
    chance_of_as_many,
    guessing_share,
    has_signal,
    nested,
    on_part,
)


def test_the_interval_holds_the_truth_in_nine_of_ten_cases() -> None:
    draws = np.random.default_rng(0)
    held = 0
    for truth in draws.uniform(0.5, 0.95, 2000):
        low, high = on_part(draws.random(150) < truth, 0.5, TEST).interval
        held += low <= truth <= high
    assert 0.87 < held / 2000 < 0.93


def test_resampling_takes_back_what_choosing_gave() -> None:
    draws = np.random.default_rng(1)
    candidates = [draws.random(100) < 0.6 for _ in range(40)]
    found = nested(candidates, 0.5)
    assert found is not None
    assert found.estimated_on == NESTED
    assert max(hits.mean() for hits in candidates) > 0.68
    assert found.accuracy < 0.65
    assert nested([], 0.5) is None


def test_the_chance_of_as_many_hits_is_the_binomial_one() -> None:
    assert chance_of_as_many(2, 2, 0.5) == pytest.approx(0.25)
    assert chance_of_as_many(1, 2, 0.5) == pytest.approx(0.75)
    assert chance_of_as_many(0, 2, 0.5) == 1.0
    assert chance_of_as_many(3, 3, 0.0) == 0.0


def test_labels_without_meaning_give_no_signal() -> None:
    draws = np.random.default_rng(2)
    found = [on_part(draws.random(100) < 0.5, 0.5, TEST) for _ in range(300)]
    assert sum(has_signal(one, is_measured=False) for one in found) < 9
    sure = on_part(np.arange(100) < 75, 0.5, TEST)
    assert has_signal(sure, is_measured=False)
    near = on_part(np.arange(100) < 55, 0.5, TEST)
    assert not has_signal(near, is_measured=False)
    assert has_signal(near, is_measured=True)
    assert not has_signal(on_part(np.arange(100) < 50, 0.5, TEST), is_measured=True)


def test_guessing_names_the_commonest_class_of_training() -> None:
    assert guessing_share(np.array([0, 1, 1]), np.array([0, 1, 1, 1])) == 0.75
    assert guessing_share(np.array([], np.int64), np.array([0])) == 0.0
