"""What is left of the source in one value of a race."""

from __future__ import annotations

import pytest

from tests.unit.runs.made_races import hits, write_race
from tlviz.runs.races.race import read_race
from tlviz.runs.races.standings import standings
from tlviz.runs.source_left_in_race import left_in_standing


def test_it_is_that_of_the_value_s_own_runs_with_their_error() -> None:
    race = read_race(
        write_race({(name, seed): [hits(4, 10), hits(6, 10)] for name in ("full", "gradual") for seed in (0, 1)})
    )
    for standing in standings(race):
        left = left_in_standing(race, standing)
        assert left is not None
        assert (left.share, left.pictures) == (0.75, 48)
        assert left.error == pytest.approx(0.0664, abs=1e-3)
