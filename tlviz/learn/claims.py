"""Whether a card's numbers bear out its claim: computed from the numbers and their noise, never written by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tlviz.learn.cards import Card, Check
from tlviz.learn.quantities import QUANTITIES, STAGE_QUANTITIES
from tlviz.learn.results import Difference, Table, interval_of


class Outcome(StrEnum):
    """What numbers say of a claim."""

    HOLDS = "borne out"
    FAILS = "not borne out"
    OPEN = "not decided"
    MISSING = "not measured"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and the sentence with its numbers."""

    check: Check
    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all checks of a card found together."""

    outcome: Outcome
    findings: tuple[Finding, ...]

    @property
    def sentence(self) -> str:
        """What it means, in one sentence."""
        return {
            Outcome.HOLDS: "Borne out by these numbers.",
            Outcome.FAILS: "Not borne out by these numbers.",
            Outcome.OPEN: "Not decided: these numbers are too noisy to tell.",
            Outcome.MISSING: "Not measured yet.",
        }[self.outcome]


def judge(card: Card, tables: Mapping[str, Table]) -> Judgement:
    """Compare a card's claim with numbers: one failing check is enough against it, all must hold for it."""
    findings = tuple(_find(check, tables) for check in card.checks)
    outcomes = {finding.outcome for finding in findings}
    order = (Outcome.FAILS, Outcome.MISSING, Outcome.OPEN)
    return Judgement(next((outcome for outcome in order if outcome in outcomes), Outcome.HOLDS), findings)


def _find(check: Check, tables: Mapping[str, Table]) -> Finding:
    difference = _difference(check, tables)
    if difference is None:
        return Finding(check, Outcome.MISSING, f"{check.says} Not measured yet.")
    outcome = _outcome(check, difference)
    return Finding(check, outcome, f"{check.says} {str(outcome).capitalize()}: {_numbers(check, difference)}.")


def _numbers(check: Check, difference: Difference) -> str:
    mean = number(check.measure, difference.mean, is_gap=check.second is not None)
    if difference.half is None:
        return f"{_subject(check)} {mean}; one seed cannot tell noise"
    half = number(check.measure, difference.half, is_gap=True).removesuffix(" points")
    unit = " points" if mean.endswith(" points") else ""
    return f"{_subject(check)} {mean.removesuffix(' points')} ± {half}{unit} (95%)"


def _difference(check: Check, tables: Mapping[str, Table]) -> Difference | None:
    first, second = check.first, check.second
    table = tables.get(first.experiment)
    if table is None:
        return None
    if second is not None and second.experiment == first.experiment:
        return table.difference(check.measure, first.row, second.row)
    one = table.estimate(check.measure, first.row)
    if one is None:
        return None
    if second is None:
        return Difference(one.mean, interval_of(one))
    other_table = tables.get(second.experiment)
    other = other_table.estimate(check.measure, second.row) if other_table else None
    if other is None:
        return None
    halves = (interval_of(one), interval_of(other))
    half = None if None in halves else math.hypot(*(value or 0.0 for value in halves))
    return Difference(one.mean - other.mean, half)


def _outcome(check: Check, difference: Difference) -> Outcome:
    is_least, bound = check.at_least is not None, check.at_least if check.at_least is not None else check.at_most
    above = (difference.mean - (bound or 0.0)) * (1 if is_least else -1)
    if difference.half is None:
        return Outcome.OPEN
    if above >= difference.half:
        return Outcome.HOLDS
    return Outcome.FAILS if above + difference.half < 0 else Outcome.OPEN


def _subject(check: Check) -> str:
    title = title_of(check.measure).lower()
    if check.second is None:
        return f"{check.first.row}, {title}"
    is_across = check.second.experiment != check.first.experiment
    names = [f"{place.row} on {place.experiment}" if is_across else place.row for place in (check.first, check.second)]
    return f"{title}, {names[0]} less {names[1]}"


def title_of(measure: str) -> str:
    """Return a measure's title."""
    return QUANTITIES[measure].title if measure in QUANTITIES else STAGE_QUANTITIES[measure].title


def is_share(measure: str) -> bool:
    """Return whether a measure is a share of 1."""
    return QUANTITIES[measure].is_share if measure in QUANTITIES else STAGE_QUANTITIES[measure].is_share


def number(measure: str, value: float, *, is_gap: bool = False) -> str:
    """Return a number as a person reads it: percent of shares, points of their differences, else three digits."""
    if is_share(measure):
        text = f"{100 * value:.1f} points" if is_gap else f"{value:.1%}"
    elif measure.startswith("epochs"):
        text = f"{value:.1f}"
    else:
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text
