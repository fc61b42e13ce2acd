"""Races are read in any state, and their standings have known answers."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.unit.runs.made_races import hits, write_race
from tlviz.errors import BadSettingError, StorageError
from tlviz.measures.accuracy import standard_error
from tlviz.runs.curves import CurveReader
from tlviz.runs.races.halving import behind, rungs
from tlviz.runs.races.race import (
    MemberState,
    cancel_member,
    dropped_members,
    folder_of,
    member_runs,
    read_race,
    reorder,
)
from tlviz.runs.races.standings import standings
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.heartbeat import Status


def test_standings_of_one_seed_by_hand() -> None:
    """The winner is 30 of 40; the next misses 2 and has 1 more elsewhere; the last has 10 of 40."""
    second = hits(28, 40)
    second[39] = True
    race = read_race(
        write_race(
            {
                ("full", 0): [hits(10, 40), hits(29, 40)],
                ("head_only", 0): [hits(10, 40), hits(30, 40), hits(30, 40)],
                ("gradual", 0): [hits(10, 40), second],
                ("from_scratch", 0): [hits(5, 40), hits(10, 40)],
            }
        )
    )
    ranked = standings(race)
    assert [s.value for s in ranked] == ["head_only", "full", "gradual", "from_scratch"]
    winner, _, third, last = ranked
    assert (winner.accuracy, winner.error) == (0.75, pytest.approx(standard_error(0.75, 40)))
    assert (winner.gap, winner.is_distinguishable) == (None, None)
    assert (third.gap, third.is_distinguishable) == (pytest.approx(1 / 40), None)
    assert (last.gap, last.is_distinguishable) == (0.5, None), "one seed cannot tell luck"
    assert (winner.seconds, winner.memory_mb, winner.source_kept) == (12.0, 300.0, 0.75)
    assert winner.trainable_parameters == 5000
    assert race.members[1].curve.switches == (2,)
    assert [point.seconds for point in race.members[1].curve.points] == [0, 1.5, 3.0]
    assert [point.images for point in race.members[1].curve.points] == [0, 100, 200]


def test_three_seeds_are_paired() -> None:
    """What lifts all runs of a seed alike is no noise; one value that wavers makes all marks less sure."""
    shift = {"full": (60, 70, 80), "head_only": (45, 54, 66), "gradual": (61, 67, 78)}
    results = {(name, seed): [hits(n, 100)] for name, ns in shift.items() for seed, n in enumerate(ns)}
    ranked = standings(read_race(write_race(results)))
    assert [s.value for s in ranked] == ["full", "gradual", "head_only"]
    assert ranked[0].accuracy == pytest.approx(0.7)
    assert ranked[0].error > standard_error(0.7, 300)
    assert (ranked[1].gap, ranked[1].is_distinguishable) == (pytest.approx((-0.01 + 0.03 + 0.02) / 3), False)
    assert (ranked[2].gap, ranked[2].is_distinguishable) == (pytest.approx(0.15), True)
    assert ranked[0].seeds == 3
    wavering = results | {("gradual", seed): [hits(n, 100)] for seed, n in enumerate((75, 40, 78))}
    assert [s.is_distinguishable for s in standings(read_race(write_race(wavering)))] == [None, False, False]


def test_differences_that_are_the_same_for_every_seed_prove_nothing() -> None:
    results = {(name, seed): [hits(n + 3 * seed, 10)] for name, n in (("full", 3), ("gradual", 2)) for seed in range(3)}
    assert [s.is_distinguishable for s in standings(read_race(write_race(results)))] == [None, False]


def test_equal_runs_are_not_distinguishable() -> None:
    results = {(name, seed): [hits(7, 10)] for name in ("full", "gradual") for seed in (0, 1, 2)}
    assert [s.is_distinguishable for s in standings(read_race(write_race(results)))] == [None, False]


def test_without_hits_the_seeds_alone_decide() -> None:
    scores = {"full": (60, 62, 61), "gradual": (50, 51, 52)}
    race = write_race({(name, seed): [hits(n, 100)] for name, ns in scores.items() for seed, n in enumerate(ns)})
    for member in read_race(race).members:
        path = folder_of(race, str(member.run)).path / "events.jsonl"
        path.write_text(path.read_text(encoding="utf-8").replace("val_hits", "other"), encoding="utf-8")
    ranked = standings(read_race(race))
    assert ranked[1].is_distinguishable
    assert ranked[0].without_choice is None, "nobody knows which images were right"


def test_a_race_can_be_read_whatever_is_left_of_it() -> None:
    race = write_race({("full", 0): [hits(6, 10), hits(8, 10)], ("gradual", 0): [hits(5, 10)]})
    whole = read_race(race)
    first = folder_of(race, str(whole.members[0].run))
    events = first.path / "events.jsonl"
    content = events.read_bytes()
    events.write_bytes(content + b'{"event": "epoch", "epo')
    assert read_race(race) == whole
    events.write_bytes(content[:300])
    assert read_race(race).members[0].state is MemberState.WAITING, "young, and nobody has ended it"
    events.write_bytes(content)
    (first.path / "config.json").unlink()
    assert "1 of its runs is no longer in this folder" in str(read_race(race).trouble)
    shutil.rmtree(first.path)
    assert read_race(race).members[0].state is MemberState.GONE
    assert standings(read_race(race))[0].value == "gradual"
    config = race.path / "config.json"
    values = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(values | {"format": 99}), encoding="utf-8")
    assert "newer version of tlviz (format 99)" in str(read_race(race).trouble)
    for broken in ({}, {"settings": {"members": 3}}, {"settings": {"members": ["x", {}], "sweep": 7}}):
        config.write_text(json.dumps({"format": 1, "kind": "race", "created": 1.0} | broken), encoding="utf-8")
        assert isinstance(standings(read_race(race)), list)
    config.unlink()
    assert "cannot be read" in str(read_race(race).trouble)


def test_only_what_has_grown_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    race = write_race({("full", 0): [hits(6, 10)], ("gradual", 0): [hits(5, 10)]})
    reader, parsed = CurveReader(), []
    read_race(race, reader)
    original = type(race).events
    monkeypatch.setattr(type(race), "events", lambda self: parsed.append(self.name) or original(self))
    first = folder_of(race, str(read_race(race, reader).members[0].run))
    parsed.clear()
    with (first.path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "resumed"}\n')
    read_race(race, reader)
    assert parsed == [race.name, first.name]
    assert len(reader.read(first)[1].points) == 1


def test_order_and_cancel_are_the_persons(home: object) -> None:
    race = write_race({("full", 0): [hits(6, 10)], ("gradual", 0): [hits(5, 10)]})
    assert [m.number for m in read_race(race).members] == [0, 1]
    reorder(race, [1, 0])
    assert [m.number for m in read_race(race).members] == [1, 0]
    (race.path / "queue.json").write_text("nonsense", encoding="utf-8")
    assert [m.number for m in read_race(race).members] == [0, 1]
    with pytest.raises(BadSettingError, match="is over; there is nothing to cancel"):
        cancel_member(race, 0)
    with pytest.raises(BadSettingError, match="there is nothing to cancel"):
        cancel_member(race, 9)


def test_a_race_that_goes_on_is_not_deleted() -> None:
    race = create_run("race", "young", {})
    assert race.status() is Status.QUEUED
    with pytest.raises(StorageError, match="still active; stop it before you delete it"):
        race.delete()


def test_only_clear_losers_are_behind() -> None:
    assert rungs([{"epochs": 9}, {"epochs": 9}]) == (3, 6)
    assert rungs([{"epochs": 1}]) == ()
    results = {
        ("full", 0): [hits(80, 100)],
        ("gradual", 0): [hits(78, 100)],
        ("last_stages", 0): [hits(77, 100)],
        ("head_only", 0): [hits(40, 100)],
    }
    run = write_race(results, is_over=False)
    for member in read_race(run).members:  # as they are while they wait at a rung
        path = folder_of(run, str(member.run)).path / "events.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines()[:-1]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = behind(read_race(run), 3)
    assert [words for words, _, _ in found] == ["Head only"]
    assert found[0][2] == "after epoch 3 its 40.0% ± 5.0% was below the median of 77.5%."


def test_hits_helper() -> None:
    assert hits(2, 4, 1).tolist() == [False, True, True, False]
    assert np.roll(hits(1, 3), 2).tolist() == [False, False, True]


@pytest.mark.parametrize("number", [{}, [], "1", None, 1.5, True])
def test_what_is_no_number_of_a_run_is_passed_over(number: object) -> None:
    told = [{"event": "dropped", "number": number}, {"event": "dropped"}, {"event": "dropped", "number": 2}]
    assert dropped_members(told) == {2}
    assert member_runs([{"event": "member", "number": number, "run": "x"}]) == {}
