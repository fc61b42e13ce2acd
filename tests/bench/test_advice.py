"""How the advice is judged: the benchmark's arithmetic on made-up sweeps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.advice import Sweep, advised_with, followed, held_out
from tests.profiles import made_profile
from tlviz.diagnose.advice import FROZEN_FAR


def test_a_limit_is_chosen_on_the_other_targets_alone() -> None:
    """On a and b half is right, on c everything: c's own runs must not choose for c."""
    half = {0.5: [(0.0, True)], 1.0: [(0.2, False)]}
    everything = {0.5: [(0.3, False)], 1.0: [(0.0, True)]}
    found = held_out({"a": half, "b": half, "c": everything})
    assert found["c"] == [(0.3, False)]
    assert found["a"] == [(0.2, False)], "b says half by less than c says everything"
    assert held_out({"alone": half}) == {}


def test_a_limit_changes_what_is_advised_and_leaves_the_rule_as_it_was() -> None:
    found = made_profile(probes=(0.5, 0.7, 0.8))
    assert [advised_with(found, limit).freeze for limit in (0.34, 0.67, 1.0)] == [1, 2, 3]
    assert FROZEN_FAR == 0.5


def test_regret_is_against_the_depth_and_rate_that_did_best_on_the_other_seeds() -> None:
    """Depth 1 is best on seeds 0 and 1, depth 2 on seed 2 by luck: seed 2 is judged by what the others say."""
    test = np.array([[[0.5, 0.5, 0.5]], [[0.9, 0.9, 0.6]], [[0.6, 0.6, 0.95]], [[0.4, 0.4, 0.4]]])
    sweep = Sweep(test, test, np.zeros((1, 3)), 100)
    advice = advised_with(made_profile(probes=(0.5, 0.7, 0.8)), 0.67)
    assert advice.freeze == 2
    assert [followed(sweep, advice, seed)[0] for seed in (0, 2)] == [pytest.approx(0.0), pytest.approx(0.6 - 0.95)]
