"""Whether one value is ahead of others by more than noise, and what is told of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tlviz.runs.curves import Curve, Point
from tlviz.runs.races.race import Member, MemberState, Race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.store.heartbeat import Status


def race(
    accuracies: Mapping[str, Sequence[float | None]], states: Mapping[tuple[str, int], MemberState] | None = None
) -> Race:
    """Return a race of which only the accuracies of each value, a seed each, are known; None has not begun."""
    members = []
    for words, values in accuracies.items():
        for seed, accuracy in enumerate(values):
            state = (states or {}).get(
                (words, seed), MemberState.FINISHED if accuracy is not None else MemberState.WAITING
            )
            best = Point(1, 1.0, 1, accuracy, 1.0, None, None) if accuracy is not None else None
            curve = Curve(best=best, validation_images=100, without_choice=accuracy and accuracy - 0.02)
            members.append(Member(len(members), words, words, seed, {}, None, state, curve))
    return Race("r", Status.FINISHED, "m", "d", "strategy", tuple(members), False, None, 0.0, None, (), None)


def marks(ranked: Sequence[Standing]) -> list[bool | None]:
    return [standing.is_distinguishable for standing in ranked]


@pytest.mark.parametrize(("ahead", "is_won"), [(3.7, False), (4.2, False), (4.4, True)])
def test_two_values_and_three_seeds_have_two_degrees_of_freedom(ahead: float, is_won: bool) -> None:
    """Student's t is 4.303 for two degrees of freedom and 3.182 for three."""
    error = 0.01
    spread = 3**0.5 * error
    ranked = standings(race({"a": [0.5 + ahead * error + step for step in (-spread, 0, spread)], "b": [0.5] * 3}))
    assert (ranked[0].is_won, ranked[1].is_distinguishable) == (is_won, is_won)
    assert ranked[1].gap == pytest.approx(ahead * error)


def test_marks_are_for_all_values_together_and_the_winner_needs_to_beat_the_second_alone() -> None:
    """Residuals of 1 point with 4 degrees of freedom: a gap needs 2.776 errors to win and 3.564 to be marked."""
    wave = (0.01, -0.01, 0.0)
    third = [0.60 - 2 * step for step in wave]
    ranked = standings(race({"a": [0.70 + step for step in wave], "b": [0.60 + step for step in wave], "c": third}))
    error = (2 * 12e-4 / 4 / 3) ** 0.5
    assert ranked[0].is_won
    close = 0.70 - 3.2 * error
    ranked = standings(
        race(
            {
                "a": [0.70 + step for step in wave],
                "b": [close + step for step in wave],
                "c": [0.3 - 2 * step for step in wave],
            }
        )
    )
    assert ranked[0].is_won, "more than Student's bound"
    assert marks(ranked) == [None, True, True], "who loses to a winner is behind"
    level = 0.70 - 1.0 * error
    ranked = standings(
        race(
            {
                "a": [0.70 + step for step in wave],
                "b": [level + step for step in wave],
                "c": [close - 2 * step for step in wave],
            }
        )
    )
    assert not ranked[0].is_won
    assert marks(ranked) == [None, False, False], "3.2 errors are less than the range of three allows"


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_tell_nothing(seeds: int) -> None:
    ranked = standings(race({"a": [0.9] * seeds, "b": [0.1] * seeds, "c": [0.2] * seeds}))
    assert marks(ranked) == [None, None, None]
    assert ranked[0].is_won is None
    assert ranked[1].gap == pytest.approx(0.7)


def test_seeds_that_are_not_over_do_not_count() -> None:
    scores = {"a": [0.90, 0.91, 0.90], "b": [0.50, 0.50, 0.51]}
    assert standings(race(scores))[0].is_won
    going_on = {("b", 2): MemberState.RUNNING}
    ranked = standings(race(scores, going_on))
    assert (ranked[0].is_won, marks(ranked)) == (None, [None, None])
    torn = {"a": [0.90, 0.91, 0.90], "b": [0.50, 0.50, None]}
    assert standings(race(torn))[0].is_won is None


def test_a_value_that_was_dropped_neither_hinders_a_winner_nor_lends_its_noise() -> None:
    scores = {"a": [0.90, 0.91, 0.90], "b": [0.50, 0.50, 0.51], "c": [0.1, 0.8, 0.3]}
    dropped = {("c", seed): MemberState.DROPPED for seed in range(3)}
    assert standings(race(scores))[0].is_won is False
    assert standings(race(scores, dropped))[0].is_won is True


def test_what_is_told_of_a_value() -> None:
    first, second = standings(race({"a": [0.8, 0.7], "b": [0.6, None]}))
    assert first.scores == ((0, 0.8), (1, 0.7))
    assert (first.accuracy, first.without_choice) == (pytest.approx(0.75), pytest.approx(0.73))
    assert second.scores == ((0, 0.6),)


def test_a_race_without_runs_or_with_one_value() -> None:
    assert standings(race({})) == []
    assert standings(race({"a": [0.5, 0.6, 0.7]}))[0].is_won is None
    assert standings(race({"a": [None], "b": [0.5]}))[0].words == "b"
