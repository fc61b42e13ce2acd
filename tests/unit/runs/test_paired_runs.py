"""Two ways of training beside each other: exact where few images differ, by the seeds where there are three."""

import numpy as np
import pytest

from tlviz.measures.paired import pack_hits
from tlviz.runs.paired_runs import Gap, Scored, compare_pairs


def pair(wins: int, losses: int, both: int = 20, neither: int = 5) -> tuple[Scored, Scored]:
    """Return two runs of which only the first is right on ``wins`` images, and only the second on ``losses``."""
    counts = (wins, losses, both, neither)
    first = np.repeat([True, False, True, False], counts)
    second = np.repeat([False, True, True, False], counts)
    return tuple(Scored(float(h.mean()), len(h), pack_hits(h)) for h in (first, second))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("wins", "losses", "is_more"),
    [(0, 0, False), (4, 0, False), (5, 0, False), (6, 0, True), (0, 6, True), (9, 2, False), (10, 1, True)],
)
def test_few_images_are_counted_exactly(wins: int, losses: int, is_more: bool) -> None:
    """Six of six heads have the two-sided probability 1 in 32; five of five 1 in 16."""
    found = compare_pairs([pair(wins, losses)])
    assert found.is_distinguishable is is_more
    assert found.gap == pytest.approx((wins - losses) / (25 + wins + losses))


def test_two_seeds_are_counted_together() -> None:
    assert not compare_pairs([pair(3, 0)]).is_distinguishable
    assert compare_pairs([pair(3, 0)] * 2).is_distinguishable


@pytest.mark.parametrize(("ahead", "is_more"), [(3.7, False), (4.2, False), (4.4, True)])
def test_three_seeds_have_two_degrees_of_freedom(ahead: float, is_more: bool) -> None:
    """Student's t is 4.303 for two degrees of freedom and 3.182 for three."""
    steps = (-(3**0.5) * 0.01, 0.0, 3**0.5 * 0.01)
    pairs = [(Scored(0.5 + ahead * 0.01 + step, 100), Scored(0.5, 100)) for step in steps]
    found = compare_pairs(pairs)
    assert (found.gap, found.error) == (pytest.approx(ahead * 0.01), pytest.approx(0.01))
    assert found.is_distinguishable is is_more


def test_without_hits_the_binomial_error_of_both_decides() -> None:
    assert not compare_pairs([(Scored(0.6, 100), Scored(0.5, 100))]).is_distinguishable
    assert compare_pairs([(Scored(0.7, 100), Scored(0.5, 100))]).is_distinguishable
    assert isinstance(compare_pairs([(Scored(0.7, 100), Scored(0.5, 90))]), Gap)


def test_differences_that_are_the_same_for_every_seed_prove_nothing() -> None:
    assert not compare_pairs([pair(1, 0)] * 3).is_distinguishable
