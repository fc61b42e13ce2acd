"""The strategies a person can pick: named pairs of a freeze plan and a learning-rate plan, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tlviz.errors import UnknownNameError
from tlviz.models.spec import Stage

FROZEN_COST = 0.75
"""``last_stages`` freezes up to the deepest stage end at or below this share of the forward compute."""


class Freeze(StrEnum):
    """Which stages a strategy freezes where the person names no depth."""

    NONE = "none"
    DEEP = "deep"
    BACKBONE = "backbone"


@dataclass(frozen=True, slots=True)
class Strategy:
    """A preset: the sentence of the course it stands for, what it freezes and its learning rates."""

    name: str
    title: str
    sentence: str
    freeze: Freeze
    head_lr: float = 1e-3
    backbone_lr: float = 1e-4
    layer_decay: float = 1.0
    pretrained: bool = True


STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy(
            "head_only",
            "Head only",
            "Freeze every pretrained stage and train the new head: fast, for near targets.",
            Freeze.BACKBONE,
        ),
        Strategy(
            "last_stages",
            "Last stages",
            "Freeze the early, general stages and tune the late, specific ones.",
            Freeze.DEEP,
        ),
        Strategy(
            "discriminative",
            "Discriminative",
            "Tune everything, each earlier stage at a lower rate than the next.",
            Freeze.NONE,
            layer_decay=0.7,
        ),
        Strategy(
            "full",
            "Full",
            "Tune everything at a low rate: for targets far from the source.",
            Freeze.NONE,
        ),
        Strategy(
            "from_scratch",
            "From scratch",
            "Start from random weights: the yardstick for what the source is worth.",
            Freeze.NONE,
            backbone_lr=1e-3,
            pretrained=False,
        ),
    )
}


def find_strategy(name: str) -> Strategy:
    """Return a strategy by its name.  Raises ``UnknownNameError`` with the nearest names."""
    if name not in STRATEGIES:
        raise UnknownNameError("strategy", name, STRATEGIES)
    return STRATEGIES[name]


def default_freeze(strategy: Strategy, stages: Sequence[Stage]) -> int:
    """Return the number of frozen stages of a strategy, counted from the stem; the head is never frozen."""
    if strategy.freeze is Freeze.NONE:
        return 0
    if strategy.freeze is Freeze.BACKBONE:
        return len(stages) - 1
    share, depth = 0.0, 0
    for at, stage in enumerate(stages[:-1], start=1):
        share += stage.cost_share
        if share <= FROZEN_COST:
            depth = at
    return min(depth, len(stages) - 2)
