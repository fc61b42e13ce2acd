"""What a run trained is read from its own events."""

from __future__ import annotations

import json
from typing import Any

from tlviz.finetune.config import configure
from tlviz.finetune.plan import plan_phases
from tlviz.models.spec import Stage
from tlviz.runs.run_phases import run_phases
from tlviz.runs.store.folder import create_run
from tlviz.runs.summary import RunSummary, summarise

STAGES = tuple(Stage(name, (name,), 10, 64, 4, 0.25) for name in ("stem", "fire2", "fire3", "head"))
CONFIG = configure("squeezenet1_1", "photos", "two_phase")


def run_of(*events: dict[str, Any]) -> RunSummary:
    run = create_run("finetune", "x", CONFIG.to_json())
    (run.path / "events.jsonl").write_text("".join(json.dumps(event | {"time": 1.0}) + "\n" for event in events))
    return summarise(run)


def test_phases_are_what_the_run_told() -> None:
    told = run_of(
        {"event": "started", "frozen": ["stem", "fire2", "fire3"]},
        {"event": "unfrozen", "epoch": 4, "frozen": ["fire2"]},
    )
    first, second = run_phases(told, STAGES)
    assert (first.first_epoch, first.frozen, first.rate_factor) == (1, {0, 1, 2}, 1.0)
    assert (second.first_epoch, second.frozen, second.rate_factor) == (4, {1}, CONFIG.unfreeze_factor)
    assert second.depth == 0


def test_before_it_told_and_where_it_told_too_little_its_plan_counts() -> None:
    planned = plan_phases(CONFIG, STAGES)
    assert run_phases(run_of(), STAGES) == planned
    assert run_phases(run_of({"event": "started", "freeze": 2}), STAGES) == planned
    assert run_phases(run_of({"event": "started", "frozen": ["layer9"]}), STAGES) == planned
