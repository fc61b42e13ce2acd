"""Verdicts pass, fail or stay open at their bounds, and say their numbers."""

from __future__ import annotations

from tlviz.explore.attribution.randomise import Randomised
from tlviz.explore.attribution.verdicts import (
    judge_explained,
    judge_game,
    judge_gap,
    judge_randomised,
    judge_sensitivity,
)


def test_verdicts_say_their_numbers() -> None:
    assert judge_gap(None).passed is None
    assert (judge_gap(0.45).passed, judge_gap(0.02).passed) == (False, True)
    assert "45%" in judge_gap(0.45).sentence
    chance = [0.2, 0.3, 0.4]
    assert judge_game("Removing", "removed", (0.05, chance), is_better_below=True).passed is True
    assert judge_game("Removing", "removed", (0.25, chance), is_better_below=True).passed is None
    assert judge_game("Removing", "removed", (0.9, chance), is_better_below=True).passed is False
    added = judge_game("Adding", "added", (0.9, chance), is_better_below=False)
    assert added.passed is True
    assert "0.90" in added.sentence
    assert "0.30 ± 0.10" in added.sentence
    assert judge_explained((0.9, [0.1, 0.2])).passed is True
    assert [judge_sensitivity(value).passed for value in (0.1, 0.7, 1.5)] == [True, None, False]
    falling = [Randomised("head", 0.9), Randomised("b", 0.2), Randomised("a", 0.1)]
    assert judge_randomised(falling).passed is True
    assert judge_randomised([Randomised("head", 0.9), Randomised("a", 0.8)]).passed is False
