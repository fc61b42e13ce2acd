"""Which run is taken: itself, the winner of a race, the best of several."""

from __future__ import annotations

import json

import pytest

from tlviz.errors import BadSettingError
from tlviz.finetune.config import configure
from tlviz.runs.races.winner import run_to_take
from tlviz.runs.store.folder import RunFolder, create_run


def reached(accuracy: float, data: str = "clipart", **other: object) -> RunFolder:
    run = create_run("finetune", "x", configure("squeezenet1_1", data, "full").to_json() | other)
    base = {"time": 1.0, "val_loss": 1.0, "duration_s": 1.0, "images_per_s": 1.0}
    events = [{"event": "epoch", "epoch": 1, "val_accuracy": accuracy} | base]
    events.append({"event": "finished", "time": 2.0, "status": "finished"})
    (run.path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    run.weights.write_bytes(b"weights")
    return run


def race_of(*runs: RunFolder) -> RunFolder:
    members = [run.config()["settings"] for run in runs]
    settings = {"model": "squeezenet1_1", "data": "clipart", "device": "auto", "sweep": "strategy", "halving": False}
    race = create_run("race", "x", settings | {"members": members})
    told = [{"event": "member", "time": 1.0, "number": at, "run": run.name} for at, run in enumerate(runs)]
    told.append({"event": "finished", "time": 2.0, "status": "finished"})
    (race.path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in told))
    return race


def test_a_run_is_itself_and_of_several_the_best_is_taken() -> None:
    runs = [reached(0.5), reached(0.75), reached(0.6)]
    assert run_to_take(runs[:1]) == runs[0]
    assert run_to_take(runs) == runs[1]


def test_a_race_gives_its_winner() -> None:
    low, high = reached(0.5), reached(0.9, strategy="head_only")
    race = race_of(low, high)
    assert run_to_take([race]) == high
    high.weights.unlink()
    assert run_to_take([race]) == low, "one without weights cannot be taken"
    low.weights.unlink()
    with pytest.raises(BadSettingError, match="has come to its end with weights yet"):
        run_to_take([race])


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(BadSettingError, match="different targets"):
        run_to_take([reached(0.5), reached(0.9, "photos")])
    with pytest.raises(BadSettingError, match="is not a fine-tuning run"):
        run_to_take([create_run("doctor", "x", {})])
