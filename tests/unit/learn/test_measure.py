"""A card is measured by running it; the numbers are those of the runs."""

from __future__ import annotations

import pytest

from tests.unit.learn.made import made_card
from tests.workers import wait
from tlviz.learn.claims import Outcome, judge
from tlviz.learn.library import find_card, measured_for
from tlviz.learn.measure import measure_card
from tlviz.learn.results import Table
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import summarise


def over(run: RunFolder) -> None:
    wait(lambda: run.status().is_over, 600)


def test_a_race_of_a_card_gives_its_numbers() -> None:
    experiment = {
        "name": "photos", "kind": "race", "data": "photos", "seeds": [0],
        "settings": {"image_size": 64, "epochs": 1, "labels_per_class": 3, "strategy": "head_only"},
        "runs": {"Slow": {"head_lr": 1e-4}, "Fast": {"head_lr": 1e-2}},
    }  # fmt: skip
    check = {"says": "s", "measure": "drift", "first": "Fast", "second": "Slow", "at_least": 0}
    card = made_card(experiments=[experiment], shows=["val_accuracy", "source_kept"], checks=[check])
    measured = measure_card(card, over, "tlviz learn measure")
    values = measured.tables["photos"].values
    best = {run.strategy: run.best_val_accuracy for run in map(summarise, list_runs(FINETUNE))}
    assert set(values["val_accuracy"]) == {"Slow", "Fast"}
    assert {row["0"] for row in values["val_accuracy"].values()} >= set(best.values())
    assert values["source_kept"] == {"Slow": {"0": 1.0}, "Fast": {"0": 1.0}}
    assert values["drift"] == {"Slow": {"0": 0.0}, "Fast": {"0": 0.0}}
    assert judge(card, measured.tables).outcome is Outcome.OPEN


TOLERANCE = {"val_accuracy": 0.1, "source_kept": 0.15, "probe": 0.05, "gain": 0.07}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["freezing-near", "early-features", "batchnorm-leak"])
def test_shipped_numbers_come_again(name: str) -> None:
    """Means within tolerance: other machines round otherwise, and one image of 35 is three points."""
    card = find_card(name)
    shipped, again = measured_for(card).tables, measure_card(card, over, "test").tables
    compared = 0
    for experiment, table in shipped.items():
        compared += _compare(table, again[experiment])
    assert compared > 1


def _compare(shipped: Table, again: Table) -> int:
    compared = 0
    for measure, most in TOLERANCE.items():
        for row in shipped.values.get(measure, {}):
            one, other = shipped.estimate(measure, row), again.estimate(measure, row)
            assert one is not None
            assert other is not None
            assert abs(one.mean - other.mean) <= most, (measure, row)
            compared += 1
    return compared
