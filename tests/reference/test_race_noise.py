"""Races of equal strategies, simulated: whom they call better or worse, and whether they find a true lead."""

import numpy as np
import pytest

from tests.bench.race_noise import coverage, judged_races

FALSE = 0.06
"""False winners and false marks at most; the tests allow what chance adds to so few races."""


@pytest.mark.parametrize("case", [(2, 3, 73), (7, 3, 73), (9, 5, 150)])
def test_equal_strategies_are_seldom_told_apart(case: tuple[int, int, int]) -> None:
    races = 150
    found = list(judged_races(*case, races=races))
    most = FALSE + 2 * (FALSE * (1 - FALSE) / races) ** 0.5
    assert np.mean([one.wins for one in found]) <= most
    assert np.mean([one.behind > 0 for one in found]) <= most


@pytest.mark.parametrize("case", [(7, 1, 300), (2, 2, 300)])
def test_with_one_or_two_seeds_nothing_is_claimed(case: tuple[int, int, int]) -> None:
    assert not any(one.wins or one.behind for one in judged_races(*case, races=20, lead=0.10))


def test_strategies_that_suit_different_images_are_not_told_apart_by_more_seeds() -> None:
    """Ten seeds average the luck of runs away, but not that of the images."""
    found = list(judged_races(2, 10, 73, races=100, taste=6.0))
    assert np.mean([one.wins for one in found]) <= 0.11


@pytest.mark.parametrize(("lead", "least"), [(0.05, 0.35), (0.10, 0.90)])
def test_a_true_lead_is_found(lead: float, least: float) -> None:
    found = list(judged_races(7, 3, 73, races=40, lead=lead))
    assert np.mean([one.wins and one.first == "0" for one in found]) >= least


def test_the_standard_error_holds_what_it_says() -> None:
    """One standard error around what is told without the choice holds the truth in two cases of three."""
    assert 0.5 < coverage(3, 3, 73, races=80) < 0.85
