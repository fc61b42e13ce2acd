"""Freeze plans and rates as plain numbers."""

from __future__ import annotations

import pytest

from tlviz.errors import BadSettingError, TlvizError, UnknownNameError
from tlviz.finetune.choices import Schedule
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.plan import Phase, backbone_beside, phase_at, plan_phases, schedule_factor, stage_rates
from tlviz.models.spec import Stage


def config(strategy: str = "full", **chosen: object) -> FinetuneConfig:
    return configure("squeezenet1_1", "clipart", strategy, **chosen)


def stages(*shares: float) -> list[Stage]:
    return [Stage(f"s{at}", (f"m{at}",), 10, 8, 2, share) for at, share in enumerate(shares)]


FIVE = stages(0.3, 0.3, 0.15, 0.2, 0.05)


def plan(strategy: str, **chosen: object) -> list[tuple[int, list[int], float]]:
    phases = plan_phases(config(strategy, **chosen), FIVE)
    return [(phase.first_epoch, sorted(phase.frozen), phase.rate_factor) for phase in phases]


def test_the_phases_of_each_strategy() -> None:
    assert plan("head_only") == [(1, [0, 1, 2, 3], 1)]
    assert plan("last_stages") == [(1, [0, 1, 2], 1)]
    assert plan("full") == plan("norm_only") == plan("from_scratch") == [(1, [], 1)]
    assert plan("two_phase") == [(1, [0, 1, 2, 3], 1), (6, [], 0.5)]
    assert plan("two_phase", epochs=3, freeze=2) == [(1, [0, 1, 2, 3], 1), (3, [0, 1], 0.5)]
    assert plan("surgical") == [(1, [0, 1, 2, 3], 1), (3, [], 1)]
    assert plan("gradual") == [
        (1, [0, 1, 2, 3], 1),
        (3, [0, 1, 2], 1),
        (5, [0, 1], 1),
        (7, [0], 1),
        (9, [], 1),
    ]
    assert plan("gradual", freeze=3, epochs=4) == [(1, [0, 1, 2, 3], 1), (3, [0, 1, 2], 1)]
    assert plan("gradual", epochs=2) == [(1, [0, 1], 1), (2, [], 1)], "fewer epochs than stages open several at once"
    assert plan("two_phase", epochs=1) == [(1, [0, 1, 2, 3], 1)]


def test_any_set_and_any_schedule() -> None:
    assert plan("full", frozen=("s1", "s3")) == [(1, [1, 3], 1)]
    assert plan("last_stages", freeze=4, unfreeze="4:s0+s2, 8:0", unfreeze_factor=0.5) == [
        (1, [0, 1, 2, 3], 1),
        (4, [0, 2], 0.5),
        (8, [], 0.25),
    ]
    assert plan("two_phase", unfreeze="3:1") == [(1, [0, 1, 2, 3], 1), (3, [0], 0.5)]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"freeze": 5}, "freeze is 5; it must be between 0"),
        ({"frozen": ("s9",)}, "There is no stage called 's9'"),
        ({"frozen": ("s4",)}, "s4 is new for the target"),
        ({"unfreeze": "3"}, "unfreeze holds '3'; write EPOCH:DEPTH"),
        ({"unfreeze": "x:2"}, "unfreeze holds 'x:2'"),
        ({"unfreeze": "3:7"}, "freeze is 7"),
        ({"unfreeze": "11:0"}, "between 2 and 10"),
        ({"unfreeze": "5:2,5:0"}, "must rise"),
    ],
)
def test_impossible_plans_are_one_sentence(chosen: dict[str, object], words: str) -> None:
    with pytest.raises(TlvizError, match=words) as caught:
        plan("full", **chosen)
    assert isinstance(caught.value, BadSettingError | UnknownNameError)


def test_a_phase_knows_how_deep_one_prefix_reaches() -> None:
    assert [Phase(1, frozenset(frozen), 1).depth for frozen in ((), (0,), (0, 1, 3), (1, 2))] == [0, 1, 2, 0]


def test_the_phase_of_an_epoch() -> None:
    phases = plan_phases(config("two_phase"), FIVE)
    assert [phases.index(phase_at(phases, epoch)) for epoch in (0, 1, 5, 6, 10)] == [0, 0, 0, 1, 1]


def test_rates_fall_by_the_decay_from_stage_to_stage() -> None:
    settings = config(head_lr=1e-2, backbone_lr=1e-3, layer_decay=0.5)
    assert stage_rates(settings, [1, 1, 1, 1], 1) == pytest.approx([1.25e-4, 2.5e-4, 5e-4, 1e-3, 1e-2])
    assert stage_rates(settings, [0.5, 0, 1, 1], 0.1) == pytest.approx([6.25e-6, 0, 5e-5, 1e-4, 1e-3])


def test_schedules_by_hand() -> None:
    def factors(schedule: Schedule, warmup: float = 0) -> list[float]:
        return [schedule_factor(schedule, at, 10, warmup) for at in (0, 1, 2, 6, 10)]

    assert factors(Schedule.CONSTANT) == [1, 1, 1, 1, 1]
    assert factors(Schedule.CONSTANT, 2) == [0, 0.5, 1, 1, 1]
    assert factors(Schedule.COSINE, 2) == pytest.approx([0, 0.5, 1, 0.5, 0])
    assert [schedule_factor(Schedule.ONE_CYCLE, at, 10, 0) for at in (0, 1.5, 3, 6.5, 10)] == pytest.approx(
        [0.04, 0.52, 1, 0.50005, 0.0001]
    )


def test_a_backbone_rate_keeps_its_proportion_beside_another_head_rate_inside_its_range() -> None:
    plan = config(head_lr=1e-3, backbone_lr=1e-4)
    assert backbone_beside(plan, 5e-3) == pytest.approx(5e-4)
    assert backbone_beside(config(head_lr=1e-3, backbone_lr=1e-1), 1.0) == 10
    assert backbone_beside(config(head_lr=1.0, backbone_lr=1e-4), 1e-6) == 1e-7
