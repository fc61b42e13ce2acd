"""Advised against best: the plans on equal terms, each with its error."""

from __future__ import annotations

from dataclasses import replace
from math import hypot, sqrt
from pathlib import Path

import numpy as np
import pytest

from tests.unit.runs.advice.advised import ADVISED, finished
from tlviz.finetune.choices import BatchNorm
from tlviz.measures.accuracy import standard_error
from tlviz.measures.paired import pack_hits
from tlviz.runs.advice.record import AdviceRecord, Outcome, keep_record
from tlviz.runs.advice.verdict import accuracy_and_error, judge
from tlviz.runs.paired_runs import Scored, pair_error


def outcome(run: str, freeze: int, accuracy: float, **changes: object) -> Outcome:
    values = {"strategy": "last_stages", "head_lr": 1e-3, "backbone_lr": 1e-4, "seed": 0, "terms": "epochs 5"}
    return Outcome(
        **({"run": run, "when": 1.0, "freeze": freeze, "accuracy": accuracy, "images": 100} | values | changes)
    )  # type: ignore[arg-type]


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
