"""What a search tries: budgets, rules, rungs, sides and changes, by hand-made cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tlviz.diagnose.records import Advice, Confidence
from tlviz.errors import BadSettingError
from tlviz.runs.best.plan import (
    advised,
    changes,
    check_minutes,
    epochs_that_fit,
    field_of,
    fixed_rules,
    held_out_share,
    kept,
    plan_words,
    rungs_of,
    side_for,
)


def advice(freeze: int) -> Advice:
    return Advice(freeze, "last_stages", 3e-4, 1e-4, Confidence.HIGH, (), ("It is so.",), {})


@pytest.mark.parametrize("minutes", [0, -1, 0.1, 7 * 24 * 60, math.nan, math.inf])
def test_a_budget_of_no_use_is_refused(minutes: float) -> None:
    with pytest.raises(BadSettingError, match=r"give one from 0\.5 to 1,440"):
        check_minutes(minutes)


def test_a_budget_is_taken_and_its_plan_names_the_networks() -> None:
    assert check_minutes(10) == 10.0
    assert "10 minutes with A and B" in plan_words(10, ["A", "B"])[0]


def test_pictures_are_kept_from_the_choices_where_the_classes_can_spare_them() -> None:
    labels = np.repeat([0, 1], 50)
    assert held_out_share(labels, [""] * 100) == 0.2
    assert held_out_share(labels, ["train"] * 90 + ["test"] * 10) == 0.0, "the target's own test part judges"
    assert held_out_share(np.repeat(np.arange(300), 2), [""] * 600) == 0.0
    assert held_out_share(np.zeros(10_000, np.int64), [""] * 10_000) == 0.05, "500 are enough"


def test_the_field_has_the_advice_first_and_no_run_twice() -> None:
    rules = fixed_rules(8, "net")
    assert [rule.settings["strategy"] for rule in rules] == ["two_phase", "full", "last_stages", "head_only"]
    field = field_of(advised(advice(4), "net", 8), rules)
    assert [one.settings.get("freeze") for one in field[:3]] == [4, 3, 5]
    assert field[0].settings["head_lr"] == 3e-4
    assert len({one.label for one in field}) == len(field) == 6, "the middle depth is the advised one"
    assert [one.settings["freeze"] for one in advised(advice(8), "net", 8)] == [8, 7], "there is no ninth stage"
    assert advised(advice(0), "net", 8)[0].settings["strategy"] == "full"
    assert fixed_rules(8, "net", named="Net")[0].label.startswith("Net: ")


def test_the_better_half_stays() -> None:
    assert rungs_of(10) == (4, 7)
    assert rungs_of(1) == ()
    assert kept({0: 0.5, 1: 0.9, 2: 0.9, 3: 0.7, 4: 0.1}) == {1, 2, 3}
    assert kept({0: 0.5, 1: 0.4}) == {0, 1}


def test_the_largest_side_that_fits_is_taken() -> None:
    work = {224: 100.0, 128: 33.0, 64: 8.0}
    assert side_for([224, 128, 64], work, 1.0, 300) == 224
    assert side_for([224, 128, 64], work, 1.0, 100) == 128
    assert side_for([224, 128, 64], work, 1.0, 5) == 64
    assert side_for([224, 96], {}, None, 100) == 96, "near 128 where no pace is known"


def test_changes_to_a_leader_are_each_tried_once() -> None:
    leader = {"epochs": 10, "image_size": 128, "head_lr": 1e-3, "backbone_lr": 1e-4, "strategy": "full"}
    found = {one.label: one.settings for one in changes(leader, 224, ())}
    assert found["leader at 160 pixels"] == {"image_size": 160}
    assert found["leader, backbone rate times 3"]["backbone_lr"] == pytest.approx(3e-4)
    assert found["leader, longer, light augmentation, averaged weights"]["epochs"] == 20
    assert "leader at 160 pixels" not in [one.label for one in changes(leader, 224, found)]
    assert changes(leader, 224, found) == []
    head = changes(leader | {"strategy": "head_only", "image_size": 224}, 224, ())
    assert not any("backbone" in one.label or "pixels" in one.label for one in head)


def test_epochs_are_as_many_as_fit() -> None:
    assert epochs_that_fit(20, 1.0, 100) == 20
    assert epochs_that_fit(20, 1.0, 7.5) == 7
    assert epochs_that_fit(20, 1.0, 3) is None
    assert epochs_that_fit(20, 0.0, 3) == 20
