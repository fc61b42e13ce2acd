"""The record of advice: what was advised, what ran, and which depth did best, with its error."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from math import hypot, sqrt
from pathlib import Path

import numpy as np
import pytest

from tlviz.finetune.choices import BatchNorm
from tlviz.finetune.config import configure
from tlviz.measures.accuracy import standard_error
from tlviz.measures.paired import pack_hits
from tlviz.runs.advice.record import (  # fmt: skip
    AdviceRecord,
    Advised,
    Outcome,
    accuracy_and_error,
    judge,
    keep_record,
    load_record,
    plan_of,
    recorded_targets,
)
from tlviz.runs.paired_runs import Scored, pair_error
from tlviz.runs.store.folder import create_run

ADVISED = Advised(1.0, 2, "last_stages", 1e-3, 1e-4, "high")


def outcome(run: str, freeze: int, accuracy: float, **changes: object) -> Outcome:
    values = {"strategy": "last_stages", "head_lr": 1e-3, "backbone_lr": 1e-4, "seed": 0, "terms": "epochs 5"}
    return Outcome(
        **({"run": run, "when": 1.0, "freeze": freeze, "accuracy": accuracy, "images": 100} | values | changes)
    )  # type: ignore[arg-type]


def finished(
    freeze: int | None, accuracy: float, *, status: str = "finished", strategy: str = "last_stages", **more: object
) -> str:
    settings = configure("squeezenet1_1", "clipart", strategy, freeze=freeze, epochs=2, **more).to_json()
    run = create_run("finetune", "x", settings)
    start = {
        "event": "started",
        "time": 1.0,
        "freeze": 9 if freeze is None else freeze,
        "switches": [],
        "validation_images": 50,
    }
    epoch = {
        "event": "epoch",
        "time": 1.0,
        "epoch": 1,
        "val_loss": 1.0,
        "val_accuracy": accuracy,
        "duration_s": 1.0,
        "images_per_s": 1.0,
    }
    end = {"event": "finished", "time": 2.0, "status": status}
    (run.path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (start, epoch, end)))
    return run.name


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


def test_what_a_freeze_plan_has_besides_depth_is_another_plan(home: Path) -> None:
    finished(2, 0.8)
    finished(2, 0.9, batchnorm=BatchNorm.REESTIMATE)
    finished(2, 0.7, frozen=("fire2",))
    verdict = judge(keep_record(ADVISED, "squeezenet1_1", "clipart"))
    assert [s.extra for s in verdict.standings] == ["BatchNorm: reestimate", "", "frozen: fire2"]
    assert verdict.advised is not None
    assert verdict.advised.accuracy == 0.8


def test_error_of_the_mean_is_of_images_and_seeds_together() -> None:
    by_images = standard_error(0.5, 100)
    assert accuracy_and_error([outcome("a", 2, 0.5)]) == (0.5, by_images)
    far_apart = [outcome("a", 2, 0.2), outcome("b", 2, 0.8, seed=1)]
    assert accuracy_and_error(far_apart) == (0.5, pytest.approx(hypot(by_images, 0.3)))
    alike = [outcome("a", 2, 0.5), outcome("b", 2, 0.5, seed=1)]
    assert accuracy_and_error(alike)[1] == by_images, "nobody knows whether they err on the same images"
    rows = [np.arange(100) < 50, np.arange(100) >= 50]
    other = [replace(run, hits=pack_hits(row)) for run, row in zip(alike, rows, strict=True)]
    assert accuracy_and_error(other)[1] == pytest.approx(standard_error(0.5, 200)), "they err on others"
    assert accuracy_and_error([outcome("a", 2, 1.0)])[1] > 0


def test_advised_against_best_on_equal_terms() -> None:
    outcomes = (
        outcome("a", 2, 0.80), outcome("b", 2, 0.70, head_lr=1e-2), outcome("c", 5, 0.90),
        outcome("d", 0, 0.85, strategy="two_phase"), outcome("e", 7, 1.0, terms="epochs 50"),
    )  # fmt: skip
    verdict = judge(AdviceRecord("m", "d", (ADVISED,), outcomes))
    assert [(s.strategy, s.freeze, s.accuracy) for s in verdict.standings] == [
        ("last_stages", 5, 0.90), ("two_phase", 0, 0.85), ("last_stages", 2, 0.80),
    ]  # fmt: skip
    assert verdict.left_out == 1
    assert verdict.advised is verdict.standings[2]
    regret = verdict.regret
    assert regret is not None
    assert regret.gap == pytest.approx(0.1)
    assert regret.error == pytest.approx(pair_error(Scored(0.9, 100), Scored(0.8, 100))), "one run each of one seed"
    assert regret.is_distinguishable is (1.96 * regret.error < 0.1)


def test_plans_with_the_same_images_are_paired_and_other_seeds_are_not() -> None:
    right = [np.arange(100) < count for count in (90, 82)]
    first, second = (
        outcome(name, freeze, float(hits.mean()), hits=pack_hits(hits))
        for name, freeze, hits in zip("ab", (5, 2), right, strict=True)
    )
    regret = judge(AdviceRecord("m", "d", (ADVISED,), (first, second))).regret
    assert regret is not None
    assert regret.is_distinguishable, "eight images, none the other way"
    apart = judge(AdviceRecord("m", "d", (ADVISED,), (first, replace(second, seed=1))))
    assert apart.regret is not None
    assert not apart.regret.is_distinguishable
    assert apart.regret.error == pytest.approx(sqrt(apart.standings[0].se ** 2 + apart.standings[1].se ** 2))


def test_equal_accuracies_do_not_put_the_advice_behind() -> None:
    verdict = judge(AdviceRecord("m", "d", (ADVISED,), (outcome("a", 0, 0.8), outcome("b", 2, 0.8))))
    assert verdict.standings[0].is_advised


def test_no_verdict_before_the_advised_plan_ran() -> None:
    assert judge(AdviceRecord("m", "d", (ADVISED,))).regret is None
    verdict = judge(AdviceRecord("m", "d", (ADVISED,), (outcome("a", 5, 0.9), outcome("b", 6, 0.8))))
    assert verdict.advised is None
    assert verdict.regret is None


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
