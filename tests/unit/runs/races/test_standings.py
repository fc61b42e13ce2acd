"""Whether one value is ahead of another by more than noise."""

from __future__ import annotations

import math

import pytest

from tlviz.runs.curves import Curve, Point
from tlviz.runs.races.race import Member, MemberState
from tlviz.runs.races.standings import compare


def members(*accuracies: float) -> dict[int, Member]:
    """Return a run a seed, of which only the accuracy is known."""
    best = [Point(1, 1.0, 1, accuracy, 1.0, None, None) for accuracy in accuracies]
    return {
        seed: Member(seed, "x", "x", seed, {}, None, MemberState.FINISHED, Curve(best=point, validation_images=100))
        for seed, point in enumerate(best)
    }


@pytest.mark.parametrize(("ahead", "is_more"), [(3.7, False), (4.2, False), (4.4, True)])
def test_three_seeds_have_two_degrees_of_freedom(ahead: float, is_more: bool) -> None:
    """Student's t is 4.303 for two degrees of freedom and 3.182 for three."""
    error = 0.01
    spread = math.sqrt(3) * error
    winner = members(*(0.5 + ahead * error + step for step in (-spread, 0, spread)))
    gap, is_clear = compare(winner, members(0.5, 0.5, 0.5)) or (0.0, None)
    assert gap == pytest.approx(ahead * error)
    assert is_clear is is_more


def test_nothing_can_be_said_without_a_common_seed() -> None:
    assert compare(members(0.5), {}) is None
