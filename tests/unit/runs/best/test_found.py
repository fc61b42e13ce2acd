"""What a search found is read from a race written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.unit.runs.made_races import hits, write_events, write_member
from tlviz.errors import BadSettingError
from tlviz.finetune.config import configure
from tlviz.runs.best.found import is_search, read_best
from tlviz.runs.races.race import ADDED, read_race
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.kinds import RACE

CURVES = {
    "Full": [hits(20, 100), hits(70, 100), hits(80, 100)],
    "leader at 160 pixels": [hits(20, 100), hits(75, 100), hits(85, 100)],
}


def search(curves: dict[str, list[np.ndarray[Any, Any]]] = CURVES, **ended: Any) -> RunFolder:
    best = {"minutes": 10, "models": ["squeezenet1_1"], "base": {}}
    told = {"model": "squeezenet1_1", "data": "clipart", "sweep": "plan", "halving": False, "members": [], "best": best}
    race = create_run(RACE, "race", told)
    settings = [configure("squeezenet1_1", "clipart", "full", epochs=9).to_json() | {"plan": label} for label in curves]
    events: list[dict[str, Any]] = [{"event": "started"}, {"event": ADDED, "words": "A field.", "runs": settings}]
    names = []
    for number, (label, curve) in enumerate(curves.items()):
        names.append(write_member(label.partition(" ")[0], settings[number], curve).name)
        events.append({"event": "member", "number": number, "run": names[-1]})
    if ended:
        events.append({"event": "finished", "status": "finished", "winner": names[-1], "minutes": 9.5, **ended})
    write_events(race, events)
    return race


SURE = {"accuracy": 0.8, "interval": [0.7, 0.9], "judged_images": 50, "guessing": 0.5, "estimated_on": "test part"}


def test_the_winner_is_told_with_its_interval_and_the_runners_up() -> None:
    race = search(signal=True, **SURE)
    found = read_best(race)
    assert is_search(race)
    assert found.run
    assert found.words == "leader at 160 pixels"
    settings = read_race(race).members[1].settings
    assert (found.strategy, found.freeze, found.head_lr, found.minutes) == ("full", 0, settings["head_lr"], 9.5)
    assert found.interval == (0.7, 0.9)
    assert [(one.words, round(one.behind, 3)) for one in found.runners_up] == [("Full", 0.05)]
    assert "80.0% (90 % interval 70.0% to 90.0%, 50 images of the test part)" in found.summary
    assert "5.0 points" in found.more_time


def test_without_a_signal_no_model_is_delivered() -> None:
    found = read_best(search(signal=False, **SURE | {"accuracy": 0.52}))
    assert found.run is None
    assert found.strategy is None
    assert "nothing to learn" in found.summary
    assert "52.0%" in found.summary


def test_a_search_that_goes_on_has_no_winner_yet_and_is_a_race() -> None:
    race = search()
    with pytest.raises(BadSettingError):
        read_best(race)
    assert [member.words for member in read_race(race).members] == list(CURVES)
    empty = search({})
    assert read_race(empty).members == ()
