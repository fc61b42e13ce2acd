"""The cards as a worksheet: one HTML file that prints every card on pages of its own, answers last if wanted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from tlviz.errors import BadLessonError
from tlviz.learn.cards import Card, Experiment, Kind
from tlviz.learn.claims import Judgement, judge
from tlviz.learn.dots import card_dots
from tlviz.learn.library import measured_for
from tlviz.learn.paper import fill
from tlviz.learn.results import Measured


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a card's page of the worksheet needs."""

    card: Card
    measured: Measured | None
    judgement: Judgement | None
    dots: str
    trouble: str
    set_up: tuple[str, ...]


def worksheet_html(cards: Sequence[Card], *, has_answers: bool = False) -> str:
    """Return the worksheet of some cards; one whose numbers are missing says so."""
    sheets = [_sheet(card) for card in cards]
    return fill("worksheet.html", sheets=sheets, has_answers=has_answers, written=time.strftime("%Y-%m-%d"))


def set_up(experiment: Experiment) -> str:
    """Say in one line what an experiment runs."""
    if experiment.kind is Kind.PROFILE:
        return f"Measure {experiment.model} on {experiment.data}: {_settings(experiment.settings)}."
    runs = "; ".join(f"{label} ({_settings(own)})" for label, own in experiment.runs.items())
    seeds = f"{len(experiment.seeds)} seeds"
    return (
        f"Race {experiment.model} on {experiment.data} with {seeds}. {runs}. For all: {_settings(experiment.settings)}."
    )


def _settings(settings: dict[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items()) or "as usual"


def _sheet(card: Card) -> Sheet:
    plans = tuple(set_up(experiment) for experiment in card.experiments)
    try:
        measured = measured_for(card)
    except BadLessonError as error:
        return Sheet(card, None, None, "", str(error), plans)
    dots = card_dots(card, measured.tables)
    return Sheet(card, measured, judge(card, measured.tables), dots, "", plans)
