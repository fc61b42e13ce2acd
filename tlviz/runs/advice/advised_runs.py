"""The runs that an advice suggests, as settings for ``finetune.config.configure``."""

from __future__ import annotations

from typing import Any

from tlviz.diagnose.records import Advice, Candidate, Profile
from tlviz.finetune.choices import BatchNorm
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.strategies import Freeze, find_strategy


def advised_runs(advice: Advice) -> list[dict[str, Any]]:
    """Return the settings of the suggested race's runs, the advised one first: strategy, freeze plan and rates.

    Each is passed to ``configure(model, data, **settings)``; None leaves a choice to the strategy.
    """
    first = Candidate(advice.strategy, advice.freeze, "")
    entrants = [first, *(candidate for candidate in advice.candidates if not _is_same(candidate, first))]
    return [settings_of(candidate, advice) for candidate in entrants]


def advised_configs(profile: Profile, epochs: int) -> list[FinetuneConfig]:
    """Return the suggested race as runs that differ in nothing but their plan, the advised one first.

    Raises ``BadSettingError`` where ``epochs`` is out of range.
    """
    settings = advised_runs(profile.advice)
    return [configure(profile.model, profile.data, **one, epochs=epochs) for one in settings]


def settings_of(candidate: Candidate, advice: Advice) -> dict[str, Any]:
    """Return the settings of one entrant, at the advised rates; random weights keep the strategy's own."""
    strategy = find_strategy(candidate.strategy)
    return {
        "strategy": candidate.strategy,
        "freeze": candidate.freeze,
        "frozen": candidate.frozen,
        "batchnorm": BatchNorm(candidate.batchnorm),
        "head_lr": advice.head_lr,
        "backbone_lr": advice.backbone_lr if strategy.pretrained else strategy.backbone_lr,
    }


def _is_same(one: Candidate, other: Candidate) -> bool:
    return _plan(one) == _plan(other)


def _plan(candidate: Candidate) -> tuple[object, ...]:
    """Return what distinguishes entrants: no depth means none frozen where that is the strategy's own."""
    freezes_nothing = find_strategy(candidate.strategy).freeze is Freeze.NONE
    freeze = 0 if candidate.freeze is None and freezes_nothing else candidate.freeze
    return candidate.strategy, freeze, candidate.frozen, candidate.batchnorm
