"""How much of the source is left in the runs of one value of a race."""

from __future__ import annotations

from tlviz.runs.races.race import Race
from tlviz.runs.races.standings import Standing
from tlviz.runs.source_left import SourceLeft, left_in_runs


def left_in_standing(race: Race, standing: Standing) -> SourceLeft | None:
    """Return what is left of the source in the runs of one of a race's values, None where it was not measured."""
    members = (member for member in race.members if member.words == standing.words)
    return left_in_runs([member.curve.source_left for member in members if member.curve.best is not None])
