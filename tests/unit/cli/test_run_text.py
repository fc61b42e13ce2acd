"""How ``runs show`` lays a run out."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.called import call
from tlviz.cli import main
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import create_run


def test_a_run_in_words_tells_every_phase_with_its_rates_and_the_most_changed_stage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = create_run("finetune", "x", configure("squeezenet1_1", "photos", "two_phase", epochs=2).to_json())
    head = {"stage": "head", "parameters": 5, "lr": 1e-3, "weight_decay": 0.01}
    later = [head | {"stage": stage, "lr": 5e-5} for stage in ("stem", "fire2")]
    similarity = {"stem": 1.0, "fire2": 0.75, "fire3": None}
    events = [
        {"event": "started", "frozen": ["stem", "fire2"], "groups": [head], "switches": [2], "note": "Kept in memory."},
        {"event": "unfrozen", "epoch": 2, "frozen": [], "groups": [*later, head], "trainable_parameters": 15},
        {"event": "gauged", "moment": "best", "epoch": 2, "source_agreement": 0.5, "similarity": similarity},
        {"event": "finished", "status": "failed", "error": "The disk is full."},
    ]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event | {"time": 1.0}) + "\n" for event in events))
    assert main(["runs", "show", run.name]) == 0
    printed = capsys.readouterr().out
    assert "The disk is full." in printed
    rows = [line.split("\t") for line in printed.splitlines() if line.count("\t") > 1]
    assert rows == [
        ["from epoch", "trains", "parameters", "frozen"],
        ["1", "head at 0.001", "", "stem, fire2"],
        ["2", "stem, fire2 at 5e-05; head at 0.001", "15", ""],
        ["when", "epoch", "same answers as the source", "of pictures", "most changed stage", "its similarity"],
        ["best", "2", "50.0% ± 7.1%", "48", "fire2", "0.750"],
    ]
    assert "From epoch 1: Kept in memory." in printed
    _, shown, _ = call(capsys, "runs", "show", run.name)
    assert (shown["switches"], shown["gauges"][0]["similarity"]) == ([2], similarity)
