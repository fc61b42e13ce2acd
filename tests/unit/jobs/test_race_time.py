"""The time left of a race counts what the strategies that are still to come cost."""

from __future__ import annotations

import pytest

from tlviz.finetune.config import configure
from tlviz.jobs.race_time import Paces

LIGHT, HEAVY = 0, 1


@pytest.fixture
def paces() -> Paces:
    plans = [configure("squeezenet1_1", "photos", name, epochs=10, image_size=64) for name in ("head_only", "full")]
    return Paces([plan.to_json() for plan in plans])


def test_a_strategy_that_trains_everything_costs_a_multiple_of_one_that_trains_the_head(paces: Paces) -> None:
    assert paces.work(HEAVY) > 3 * paces.work(LIGHT)


def test_what_is_still_to_come_is_counted_by_its_cost(paces: Paces) -> None:
    ratio = paces.work(HEAVY) / paces.work(LIGHT)
    after = [(HEAVY, "Full")]
    assert paces.left(LIGHT, "Head only", after, 5.0, 5.0) == pytest.approx(5 + 10 * ratio)
    paces.note(LIGHT, "Head only", 10.0)
    assert paces.left(HEAVY, "Full", [], 0.0, None) == pytest.approx(10 * ratio)
    assert paces.left(HEAVY, "Full", [(HEAVY, "Full"), (LIGHT, "Head only")], 0.0, 70.0) == pytest.approx(
        70 + 10 * ratio + 10
    )
    paces.note(HEAVY, "Full", 50.0)
    assert paces.left(LIGHT, "Head only", [(HEAVY, "Full")], 4.0, 6.0) == pytest.approx(56), "what it took is known"


def test_before_anything_is_known_nothing_is_said(paces: Paces) -> None:
    assert paces.left(LIGHT, "Head only", [], 1.0, None) is None


def test_settings_that_cannot_be_read_count_as_any_other() -> None:
    assert Paces([{"model": "no such network", "data": "photos", "strategy": "full"}]).work(0) == 1
