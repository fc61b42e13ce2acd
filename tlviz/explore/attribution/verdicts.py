"""The measures of a map as sentences: passed, failed, or undecided, each with its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tlviz.explore.attribution.randomise import Randomised
from tlviz.measures.faithfulness import spreads_from_chance

GAP = 0.1
"""A map whose sum misses the score by more than this share does not add up."""
CLEAR = 2.0
"""Spreads of chance from which a difference counts."""
STEADY, SHAKY = 0.5, 1.0
"""Relative change of a map under tiny changes: up to the first it is steady, from the second it is not."""
ALIKE = 0.5
"""A map whose ranks still correlate this much with the original's has not changed."""

Beside = tuple[float, Sequence[float]]


@dataclass(frozen=True, slots=True)
class TrustVerdict:
    """One check: its name, whether the map passed (None: undecided, or not promised), and a sentence."""

    name: str
    passed: bool | None
    sentence: str


def judge_all(
    gap: float | None,
    deletion: Beside,
    insertion: Beside,
    explained: Beside,
    sensitivity: float,
    randomised: Sequence[Randomised],
) -> tuple[TrustVerdict, ...]:
    """Return the verdicts on all checks; pairs are the map's own number and those of its misplaced copies."""
    return (
        judge_gap(gap),
        judge_game("Removing", "removed", deletion, is_better_below=True),
        judge_game("Adding", "added", insertion, is_better_below=False),
        judge_explained(explained),
        judge_sensitivity(sensitivity),
        judge_randomised(randomised),
    )


def judge_gap(gap: float | None) -> TrustVerdict:
    """Judge completeness."""
    name = "Adds up"
    if gap is None:
        return TrustVerdict(name, None, "The values of this method need not add up to the score.")
    if gap <= GAP:
        return TrustVerdict(
            name, True, f"The map's sum misses the change of the score by {gap:.1%}: its values add up."
        )
    return TrustVerdict(
        name, False, f"The map's sum misses the change of the score by {gap:.0%}: its values cannot be taken as shares."
    )


def judge_game(name: str, verb: str, areas: Beside, *, is_better_below: bool) -> TrustVerdict:
    """Judge a deletion or insertion curve by its area beside those of misplaced copies."""
    own, chance = areas
    sign = -1 if is_better_below else 1
    passed = _beats(sign * own, [sign * area for area in chance])
    numbers = f"mean probability {own:.2f}, for misplaced copies of the map {_spread(chance)}"
    found = {
        True: f"What the map marks matters more than chance when {verb} first",
        False: f"What the map marks matters no more than chance when {verb} first",
        None: f"There is no clear difference from chance when the marked pixels are {verb} first",
    }[passed]
    return TrustVerdict(name, passed, f"{found}: {numbers}.")


def judge_explained(explained: Beside) -> TrustVerdict:
    """Judge whether the map predicts how the score falls when squares are covered."""
    own, chance = explained
    passed = _beats(own, chance)
    ending = {True: "", False: ", no better than chance", None: ", which is no clear difference"}[passed]
    numbers = f"{own:.0%} of the score's changes when squares are covered; misplaced copies explain {_share(chance)}"
    return TrustVerdict("Predicts", passed, f"The map explains {numbers}{ending}.")


def judge_sensitivity(change: float) -> TrustVerdict:
    """Judge how steady a map is under invisible changes."""
    passed = True if change <= STEADY else (False if change >= SHAKY else None)
    ending = {True: "it is steady", False: "it is not steady", None: "it is only fairly steady"}[passed]
    return TrustVerdict(
        "Steady", passed, f"Invisible changes to the picture change the map by up to {change:.0%}: {ending}."
    )


def judge_randomised(randomised: Sequence[Randomised]) -> TrustVerdict:
    """Judge the randomisation check: a map must change once the upper half of the network is random, and stay so."""
    lower = randomised[(len(randomised) + 1) // 2 - 1 :]
    kept = max(abs(depth.correlation) for depth in lower)
    passed = kept < ALIKE
    ending = (
        "it depends on what the network has learned"
        if passed
        else "it shows the picture's own edges more than what the network has learned"
    )
    return TrustVerdict(
        "Depends on learning",
        passed,
        f"With {lower[0].stage} and all above it random, the map's similarity is {kept:.2f} (1: unchanged): {ending}.",
    )


def _beats(own: float, chance: Sequence[float]) -> bool | None:
    spreads = spreads_from_chance(own, chance)
    if spreads >= CLEAR:
        return True
    return False if spreads < 0 else None


def _spread(chance: Sequence[float]) -> str:
    deviation = float(np.std(chance, ddof=1)) if len(chance) > 1 else 0.0
    return f"{float(np.mean(chance)):.2f} ± {deviation:.2f}"


def _share(chance: Sequence[float]) -> str:
    deviation = float(np.std(chance, ddof=1)) if len(chance) > 1 else 0.0
    return f"{float(np.mean(chance)):.0%} ± {deviation:.0%}"
