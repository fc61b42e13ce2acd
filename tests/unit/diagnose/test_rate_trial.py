"""The head's rate is the course's unless another is surely better on pictures left out."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.diagnose.rate_trial import COURSE_RATE, RATES, try_rates
from tlviz.diagnose.records import RateTrial


def target(scale: float, noise: float, count: int = 300, width: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Return features of three classes, as large as ``scale``, and labels."""
    labels = np.arange(count) % 3
    features = np.eye(3)[labels][:, np.arange(width) % 3] + noise * np.random.default_rng(0).normal(size=(count, width))
    return (scale * features).astype(np.float32), labels


def test_where_all_rates_do_the_course_s_stays() -> None:
    found = try_rates(*target(1, 0.3), None, 0)
    assert min(found.accuracies) > 0.95
    assert (found.chosen, found.gain, found.gain_se) == (COURSE_RATE, 0, 0)


def test_a_head_that_hardly_moves_at_the_course_s_rate_gets_a_higher_one() -> None:
    found = try_rates(*target(1, 1.0, width=6), None, 0)  # few and large weights have far to go
    assert found.chosen == max(RATES)
    assert found.accuracies[2] - found.accuracies[1] == pytest.approx(found.gain)
    assert found.gain > 3 * found.gain_se > 0


@pytest.mark.parametrize("seed", range(4))
def test_noise_alone_changes_nothing(seed: int) -> None:
    labels = np.arange(80) % 2
    features = np.random.default_rng(seed).normal(size=(80, 8)).astype(np.float32)
    assert try_rates(features, labels, None, seed).chosen == COURSE_RATE


def test_it_is_the_same_every_time_and_survives_json() -> None:
    features, labels = target(1, 1.0, 60)
    found = try_rates(features, labels, labels % 3, 1)
    assert found == try_rates(features, labels, labels % 3, 1)
    from dataclasses import asdict

    assert RateTrial.from_json(asdict(found)) == found
