"""The record of advice: what was advised, what ran, and which depth did best, with its error."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.unit.runs.advice.advised import ADVISED, finished
from tlviz.runs.advice.record import AdviceRecord, Advised, keep_record, load_record, plan_of, recorded_targets


def test_advice_is_noted_once_and_again_when_it_changes(home: Path) -> None:
    keep_record(ADVISED, "squeezenet1_1", "clipart")
    keep_record(Advised(9.0, 2, "last_stages", 1e-3, 1e-4, "high"), "squeezenet1_1", "clipart")
    keep_record(Advised(10.0, 3, "last_stages", 1e-3, 1e-4, "low"), "squeezenet1_1", "clipart")
    record = load_record("squeezenet1_1", "clipart")
    assert [(advised.when, advised.freeze) for advised in record.advised] == [(1.0, 2), (10.0, 3)]
    assert load_record("squeezenet1_1", "digits") == AdviceRecord("squeezenet1_1", "digits")


def test_finished_runs_of_the_pair_are_kept_when_the_runs_are_gone(home: Path) -> None:
    names = {finished(2, 0.8), finished(None, 0.7, strategy="head_only")}
    finished(4, 0.9, status="failed")
    record = keep_record(ADVISED, "squeezenet1_1", "clipart")
    assert {o.run for o in record.outcomes} == names
    assert sorted((o.freeze, o.accuracy, o.images) for o in record.outcomes) == [(2, 0.8, 50), (9, 0.7, 50)]
    for path in (home / "runs").iterdir():
        (path / "config.json").unlink()
    assert keep_record(ADVISED, "squeezenet1_1", "clipart") == record


def test_a_damaged_record_is_an_empty_one(home: Path) -> None:
    keep_record(ADVISED, "m", "d")
    (file,) = (home / "advice").iterdir()
    file.write_text('{"advised": 3')
    assert load_record("m", "d") == AdviceRecord("m", "d")


def test_strategies_that_only_freeze_are_one_plan_a_depth() -> None:
    assert plan_of("head_only", 9) == plan_of("last_stages", 9)
    assert plan_of("full", 0) == plan_of("last_stages", 0) != plan_of("two_phase", 0)


def test_targets_on_record_are_those_of_the_network_and_a_damaged_file_is_passed_over(home: Path) -> None:
    assert recorded_targets("squeezenet1_1") == []
    for at, (model, data) in enumerate((("squeezenet1_1", "clipart"), ("other", "photos"), ("squeezenet1_1", "/a/b"))):
        keep_record(ADVISED, model, data)
        for file in (home / "advice").glob("*.json"):
            if json.loads(file.read_text())["data"] == data:
                os.utime(file, (at, at))
    (home / "advice" / "broken.json").write_text("[")
    assert recorded_targets("squeezenet1_1") == ["/a/b", "clipart"]
