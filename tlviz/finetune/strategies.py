"""The strategies a person can pick: presets of one configuration, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tlviz.errors import UnknownNameError
from tlviz.finetune.choices import StageRates, Tune
from tlviz.models.spec import Stage

FIRST_STRATEGY = "last_stages"
"""What a person begins with: near what most targets want, cheaper than to tune everything."""
FROZEN_COST = 0.75
"""``last_stages`` freezes up to the deepest stage end at or below this share of the forward compute."""


class Freeze(StrEnum):
    """Which stages a strategy freezes to the end where the person names no depth."""

    NONE = "none"
    DEEP = "deep"
    BACKBONE = "backbone"


class Unfreezing(StrEnum):
    """How a strategy comes to its depth: all but ``NEVER`` begin with the head alone."""

    NEVER = "never"
    EARLY = "early"
    """Unfreeze after a fifth of the epochs, as soon as the head is fitted."""
    HALFWAY = "halfway"
    """Unfreeze after half of the epochs."""
    STEPWISE = "stepwise"
    """Unfreeze one more stage a phase, from the top."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A preset: the sentence of the course it stands for, its freeze plan and its learning-rate plan.

    ``unfreeze_factor`` multiplies all rates at every unfreezing.
    """

    name: str
    title: str
    sentence: str
    freeze: Freeze = Freeze.NONE
    unfreeze: Unfreezing = Unfreezing.NEVER
    tune: Tune = Tune.ALL
    head_lr: float = 1e-3
    backbone_lr: float = 1e-4
    layer_decay: float = 1.0
    stage_rates: StageRates = StageRates.DECAY
    unfreeze_factor: float = 1.0
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
            "two_phase",
            "Two phases",
            "Train the head first; then unfreeze everything, lower the rates and tune the whole network.",
            unfreeze=Unfreezing.HALFWAY,
            unfreeze_factor=0.5,
        ),
        Strategy(
            "gradual",
            "Gradual",
            "Unfreeze from the top, one more stage a phase, so that the general stages change last and least.",
            unfreeze=Unfreezing.STEPWISE,
            layer_decay=0.7,
        ),
        Strategy(
            "discriminative",
            "Discriminative",
            "Tune everything, each earlier stage at a lower rate than the next.",
            layer_decay=0.7,
        ),
        Strategy(
            "full",
            "Full",
            "Tune everything at a low rate: for targets far from the source.",
        ),
        Strategy(
            "from_scratch",
            "From scratch",
            "Start from random weights: the yardstick for what the source is worth.",
            backbone_lr=1e-3,
            pretrained=False,
        ),
        Strategy(
            "norm_only",
            "Norms only",
            "Train the head and every normalisation layer: the domain changes, what the layers look for stays.",
            tune=Tune.NORMS,
            backbone_lr=1e-3,
        ),
        Strategy(
            "surgical",
            "Surgical",
            "Fit the head, then tune most the stages that the target pulls at most, wherever they are.",
            unfreeze=Unfreezing.EARLY,
            stage_rates=StageRates.GRADIENT,
        ),
    )
}


def find_strategy(name: str) -> Strategy:
    """Return a strategy by its name.  Raises ``UnknownNameError`` with the nearest names."""
    if name not in STRATEGIES:
        raise UnknownNameError("strategy", name, STRATEGIES)
    return STRATEGIES[name]


def default_freeze(strategy: Strategy, stages: Sequence[Stage]) -> int:
    """Return how many stages a strategy freezes to the end, counted from the stem; the head is never frozen."""
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
