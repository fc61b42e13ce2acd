"""What stands at each depth of the strip."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tlviz.finetune.choices import Tune
from tlviz.finetune.config import configure
from tlviz.models.spec import Stage
from tlviz.runs.at_depth import DepthRun, accuracy_range, depth_notes, probes_at_depths, runs_at_depths
from tlviz.runs.expected_time import Forecast
from tlviz.runs.overview import overview
from tlviz.runs.store.folder import create_run

STAGES = tuple(
    Stage(name, (name,), parameters, 64, 4, 0.25)
    for name, parameters in (("stem", 1000), ("fire2", 200), ("fire3", 30), ("head", 4))
)
TIMES = {"images_per_s": 1.0, "duration_s": 1.0}
RUNS = [DepthRun(2, "Last stages", 0.9, 12.4), *(DepthRun(1, f"run {at}", 0.8, None) for at in range(5))]


def test_a_probe_stands_where_its_stage_is_the_last_frozen_one() -> None:
    assert probes_at_depths({"stem": 0.5, "fire3": 0.7, "elsewhere": 0.1}, STAGES) == [None, 0.5, None, 0.7]


def test_notes_say_what_trains_and_what_is_known() -> None:
    notes = depth_notes(STAGES, Tune.ALL, [None, 0.5, None, 0.7], RUNS)
    assert notes == [
        "1,234 parameters trained",
        "234 parameters trained · a linear probe on stem measured 50.0% · earlier: run 0 80.0%, run 1 80.0%, "
        "run 2 80.0% and 2 more",
        "34 parameters trained · earlier: Last stages 90.0% in 12 s",
        "4 parameters trained · a linear probe on fire3 measured 70.0%",
    ]


def test_the_time_of_a_run_stands_after_what_it_trains() -> None:
    times = [Forecast(40.0, 30.0, 55.0, "from 2 earlier runs here"), None, None, None]
    first, second, *_ = depth_notes(STAGES, Tune.ALL, [None] * 4, [], times)
    assert first == "1,234 parameters trained · a run takes about 40 s (30 to 55 s, from 2 earlier runs here)"
    assert second == "234 parameters trained"


def test_where_only_a_share_of_a_stage_trains_nothing_is_claimed_but_for_the_head() -> None:
    assert depth_notes(STAGES, Tune.LORA, [None] * 4, []) == ["", "", "", "4 parameters trained"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.3, 0.8], (0.28, 0.82)), ([0.5], (0.45, 0.55)), ([1.0], (0.9, 1.0)), ([0.0, 1.0], (0.0, 1.0))],
)
def test_the_scale_holds_all_and_spans_a_tenth(values: list[float], expected: tuple[float, float]) -> None:
    assert accuracy_range(values) == pytest.approx(expected)


def run_with(strategy: str, accuracy: float | None, data: str = "photos", **chosen: Any) -> None:
    run = create_run("finetune", strategy, configure("squeezenet1_1", data, strategy, **chosen).to_json())
    epoch = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": accuracy} | TIMES
    events = [*([] if accuracy is None else [epoch]), {"event": "finished", "status": "finished", "duration_s": 5.0}]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event | {"time": 1.0}) + "\n" for event in events))


def test_earlier_runs_stand_at_the_depth_that_they_ended_with() -> None:
    run_with("full", 0.8)
    run_with("head_only", 0.7, seed=2)
    run_with("two_phase", 0.9)
    run_with("full", 0.6, unfreeze="2:stem+fire2")
    run_with("full", 0.5, frozen=("fire2",))
    run_with("from_scratch", 0.4)
    run_with("full", 0.3, data="clipart")
    run_with("full", None)
    run_with("last_stages", 0.2, freeze=9)
    found = runs_at_depths(overview(), "squeezenet1_1", "photos", STAGES)
    assert [(run.depth, run.title, run.accuracy) for run in found] == [
        (0, "Two phases", 0.9), (0, "Full", 0.8), (3, "Head only, seed 2", 0.7), (2, "Full", 0.6),
    ]  # fmt: skip
    assert found[0].seconds == 5.0
