"""The standings of a race as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlviz.cli.layout import Column
from tlviz.cli.output import Rows, share, table
from tlviz.runs.races.race import Race
from tlviz.runs.races.standings import Standing
from tlviz.runs.races.verdict import mark
from tlviz.runs.source_left import kept_words
from tlviz.runs.source_left_in_race import left_in_standing

_COLUMNS = (
    Column("what", is_long=True, enough=24),
    Column("accuracy", is_right=True),
    Column("error", "± error", rank=1, is_right=True),
    Column("verdict", "against the best", rank=2),
    Column("seconds", rank=3, is_right=True),
    Column("trainable", "trainable", rank=4, is_right=True),
    Column("memory", "memory", rank=6, is_right=True),
    Column("source_kept", "source kept", rank=5, is_right=True),
    Column("source_pictures", "of pictures", rank=6, is_right=True),
    Column("seeds", rank=7, is_right=True),
)


def standings_table(race: Race, ranked: Sequence[Standing]) -> Rows:
    """Return the standings as a table, the best first."""
    return table([_line(race, standing, is_first=at == 0) for at, standing in enumerate(ranked)], _COLUMNS)


def _line(race: Race, standing: Standing, *, is_first: bool) -> dict[str, Any]:
    left = left_in_standing(race, standing)
    return {
        "what": standing.words,
        "accuracy": share(standing.accuracy),
        "error": share(standing.error),
        "verdict": mark(standing, is_first=is_first),
        "seconds": None if standing.seconds is None else f"{standing.seconds:,.1f}",
        "trainable": standing.trainable_parameters,
        "memory": None if standing.memory_mb is None else f"{standing.memory_mb:,.0f} MB",
        "source_kept": kept_words(left),
        "source_pictures": left.pictures if left else None,
        "seeds": standing.seeds,
    }
