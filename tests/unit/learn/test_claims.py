"""A verdict follows the numbers and their noise."""

from __future__ import annotations

import pytest

from tests.unit.learn.made import VALUES, made_card, race_of
from tlviz.learn.claims import Outcome, judge, number
from tlviz.learn.results import Table


@pytest.mark.parametrize(
    ("head", "full", "outcome"),
    [
        ([0.8, 0.7, 0.75], [0.5, 0.42, 0.44], Outcome.HOLDS),
        ([0.5, 0.42, 0.44], [0.8, 0.7, 0.75], Outcome.FAILS),
        ([0.8, 0.5, 0.7], [0.7, 0.6, 0.65], Outcome.OPEN),
        ([0.8], [0.5], Outcome.OPEN),
    ],
)
def test_the_outcome_turns_with_the_numbers(head: list[float], full: list[float], outcome: Outcome) -> None:
    judgement = judge(made_card(), {"photos": race_of(head, full)})
    assert judgement.outcome is outcome
    assert judgement.findings[0].sentence.startswith(f"The head is ahead. {str(outcome).capitalize()}: ")


def test_a_margin_counts() -> None:
    checks = [VALUES["checks"][0] | {"at_least": -0.2}]
    tables = {"photos": race_of([0.6, 0.52, 0.57], [0.7, 0.6, 0.68])}
    assert judge(made_card(), tables).outcome is Outcome.FAILS
    assert judge(made_card(checks=checks), tables).outcome is Outcome.HOLDS


def test_one_failing_check_is_enough_and_a_missing_number_is_said() -> None:
    other = VALUES["checks"][0] | {"first": "All", "second": "Head"}
    both = made_card(checks=[*VALUES["checks"], other])
    assert judge(both, {"photos": race_of([0.8, 0.7], [0.5, 0.4])}).outcome is Outcome.FAILS
    assert judge(made_card(), {}).outcome is Outcome.MISSING


def test_two_targets_are_compared_with_the_noise_of_both() -> None:
    pair = [{"name": n, "kind": "profile", "data": n} for n in ("photos", "clipart")]
    check = {"says": "s", "measure": "probe", "first": "fire9", "in": "photos", "second": "fire9",
             "second_in": "clipart", "at_least": 0}  # fmt: skip
    card = made_card(experiments=pair, shows=["probe"], checks=[check])
    tables = {
        name: Table({"probe": {"fire9": {"": value}}}, {"probe": {"fire9": 0.03}})
        for name, value in (("photos", 0.9), ("clipart", 0.7))
    }
    found = judge(card, tables)
    assert found.outcome is Outcome.HOLDS
    assert "fire9 on photos less fire9 on clipart 20.0 ± 8.3 points (95%)" in found.findings[0].sentence


def test_numbers_are_rounded_to_what_they_mean() -> None:
    assert number("val_accuracy", 0.8234) == "82.3%"
    assert number("val_accuracy", -0.0234, is_gap=True) == "\N{MINUS SIGN}2.3 points"
    assert number("trainable", 725574) == "725,574"
    assert number("shift", 4.3662) == "4.37"
