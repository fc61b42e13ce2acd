"""Which colour a run has, as a place among the colours of runs: one for each strategy, or for each value of a race."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.races.plan import STRATEGY
from tlviz.runs.races.race import NUMBER_KEY, RACE_KEY, Race, planned_settings
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import RunSummary

_STRATEGY_PLACES = {name: at for at, name in enumerate(STRATEGIES)}


def strategy_place(name: Any) -> int:
    """Return the place of a strategy, the one after the last for those of another version."""
    return _STRATEGY_PLACES.get(name, len(STRATEGIES)) if isinstance(name, str) else len(STRATEGIES)


def value_places(sweep: str, values: Sequence[Any]) -> list[int]:
    """Return the place of each swept value, as planned: a strategy's own, else the place in the plan."""
    if sweep != STRATEGY:
        return list(range(len(values)))
    unknown = [value for value in values if strategy_place(value) == len(STRATEGIES)]
    return [len(STRATEGIES) + unknown.index(value) if value in unknown else strategy_place(value) for value in values]


def race_places(race: Race) -> dict[str, int]:
    """Return the place of each value of a race, by its words."""
    values = {member.words: member.value for member in sorted(race.members, key=lambda member: member.number)}
    return dict(zip(values, value_places(race.sweep, list(values.values())), strict=True))


def run_place(summary: RunSummary) -> int:
    """Return the place of a run: that of its value in its race, or of its strategy where it is of none."""
    name, number = summary.settings.get(RACE_KEY), summary.settings.get(NUMBER_KEY)
    if isinstance(name, str) and isinstance(number, int) and name == Path(name).name:
        settings = RunFolder(Path(summary.folder).parent / name).config()["settings"]
        sweep, members = str(settings.get("sweep", "")), planned_settings(settings)
        if sweep != STRATEGY and 0 <= number < len(members):
            values = _distinct([member.get(sweep) for member in members])
            return values.index(members[number].get(sweep))
    return strategy_place(summary.strategy)


def apart(wished: Sequence[int]) -> list[int]:
    """Return places that all differ: each the wished one where no earlier has it, else the first that is free."""
    taken = set(wished)
    places: list[int] = []
    for place in wished:
        if place in places:
            place = next(free for free in range(len(taken) + 1) if free not in taken)
        taken.add(place)
        places.append(place)
    return places


def _distinct(values: Sequence[Any]) -> list[Any]:
    """Return values without repetition, in their order; they need not be hashable."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def same_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without the place that a run had in a race."""
    return {name: value for name, value in settings.items() if name not in (RACE_KEY, NUMBER_KEY)}
