"""A run's colour is its strategy's, or its value's in its race, wherever it is shown."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.unit.runs.made_races import hits, write_events, write_member, write_race
from tlviz.finetune.config import configure
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.places import apart, race_places, run_place, strategy_place, value_places
from tlviz.runs.races.race import folder_of, read_race
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.kinds import RACE
from tlviz.runs.summary import summarise


def sweep_freeze(values: list[int]) -> RunFolder:
    """Write a race that sweeps the frozen depth."""
    settings = [
        configure("squeezenet1_1", "clipart", "last_stages", freeze=value, epochs=2).to_json() for value in values
    ]
    told = {"model": "squeezenet1_1", "data": "clipart", "sweep": "freeze", "members": settings}
    race = create_run(RACE, "race", told)
    events: list[dict[str, Any]] = []
    for number, one in enumerate(settings):
        run = write_member("last_stages", one | {"race": race.name, "race_number": number}, [hits(4, 10), hits(6, 10)])
        events.append({"event": "member", "number": number, "run": run.name})
    write_events(race, events)
    return race


def test_every_strategy_has_a_place_of_its_own_and_an_unknown_one_the_next() -> None:
    assert [strategy_place(name) for name in STRATEGIES] == list(range(len(STRATEGIES)))
    assert strategy_place("of another version") == strategy_place(["full"]) == len(STRATEGIES)


def test_a_strategy_has_the_same_place_alone_and_in_any_race() -> None:
    race = write_race({("gradual", 0): [hits(4, 10)], ("full", 0): [hits(5, 10)]})
    found = read_race(race)
    assert race_places(found) == {"Gradual": strategy_place("gradual"), "Full": strategy_place("full")}
    for member in found.members:
        assert run_place(summarise(folder_of(race, str(member.run)))) == race_places(found)[member.words]


def test_a_value_of_another_setting_has_its_place_in_the_plan() -> None:
    race = sweep_freeze([2, 9, 4])
    found = read_race(race)
    assert list(race_places(found).values()) == [0, 1, 2]
    runs = [summarise(folder_of(race, str(member.run))) for member in found.members]
    assert [run_place(run) for run in runs] == [0, 1, 2]
    shutil.rmtree(race.path)
    assert [run_place(run) for run in runs] == [strategy_place("last_stages")] * 3, "its race is gone"


def test_unknown_strategies_of_a_race_are_told_apart() -> None:
    assert value_places("strategy", ["x", "full", "y"]) == [9, strategy_place("full"), 10]


@pytest.mark.parametrize(
    ("wished", "places"),
    [([], []), ([5, 3], [5, 3]), ([5, 5], [5, 0]), ([0, 0, 1], [0, 2, 1]), ([2, 2, 2], [2, 0, 1])],
)
def test_two_sides_never_share_a_colour(wished: list[int], places: list[int]) -> None:
    assert apart(wished) == places
