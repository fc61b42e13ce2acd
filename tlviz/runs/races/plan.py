"""What a race runs: one setting swept, everything else equal, once for each seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tlviz.data.training.mix_kinds import Mix
from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.finetune.choices import Augment, BatchNorm, ClassWeights, Monitor, Optimizer, Schedule, StageRates, Tune
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.strategies import STRATEGIES
from tlviz.models.spec import Stage

STRATEGY = "strategy"
COURSE = ("head_only", "last_stages", "two_phase", "gradual", "discriminative", "full", "from_scratch")
"""The strategies that the course names."""
PLAN = "plan"
"""What is swept where runs differ in more than one setting: each is told apart by a label of its own."""
MOST_RUNS = 200

SWEEPS: dict[str, Callable[[str], Any]] = {
    STRATEGY: str,
    "freeze": int,
    "head_lr": float,
    "backbone_lr": float,
    "layer_decay": float,
    "batch_size": int,
    "optimizer": Optimizer,
    "dropout": float,
    "weight_decay": float,
    "label_smoothing": float,
    "augment": Augment,
    "schedule": Schedule,
    "batchnorm": BatchNorm,
    "stage_rates": StageRates,
    "class_weights": ClassWeights,
    "l2_sp": float,
    "ema": float,
    "mix": Mix,
    "tune": Tune,
    "thaw_factor": float,
    "warmup": float,
    "patience": int,
    "monitor": Monitor,
    "views": int,
    "accumulate": int,
    "labels_per_class": int,
    "image_size": int,
}
"""The settings that a race can sweep, and how their values are read."""


def parse_values(sweep: str, texts: Iterable[str]) -> tuple[Any, ...]:
    """Read the values of a swept setting.  Raises ``UnknownNameError`` or ``BadSettingError``."""
    if sweep not in SWEEPS:
        raise UnknownNameError("setting to sweep", sweep, SWEEPS)
    values = []
    for text in texts:
        try:
            values.append(SWEEPS[sweep](text.strip()))
        except ValueError:
            raise BadSettingError(f"'{text.strip()}' is no value of {_words(sweep)}; {_hint(sweep)}.") from None
    return tuple(values)


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read seeds such as ``0,1,2``.  Raises ``BadSettingError``."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise BadSettingError(f"The seeds are '{text}'; write whole numbers such as 0,1,2.") from None


def plan_race(
    base: Mapping[str, Any],
    sweep: str,
    values: Sequence[Any],
    seeds: Sequence[int],
    stages: Sequence[Stage] | None = None,
) -> tuple[FinetuneConfig, ...]:
    """Return the runs of a race: for each seed, one with each value of the swept setting.

    ``base`` holds ``model``, ``data``, and whatever else was chosen for all; where ``strategy`` is not swept it names
    one.  With the target network's ``stages`` freeze depths are checked as well.
    Raises ``UnknownNameError`` or ``BadSettingError`` where any of the runs cannot be.
    """
    if sweep not in SWEEPS:
        raise UnknownNameError("setting to sweep", sweep, SWEEPS)
    for name, chosen in ((_words(sweep), values), ("seed", seeds)):
        if not chosen:
            raise BadSettingError(f"The race has no {name} to try; give at least one.")
        twice = next((value for value in chosen if list(chosen).count(value) > 1), None)
        if twice is not None:
            raise BadSettingError(f"The {name} {twice} is given twice; give each once.")
    if len(values) * len(seeds) > MOST_RUNS:
        raise BadSettingError(f"The race would have {len(values) * len(seeds)} runs; it can have {MOST_RUNS} at most.")
    configs = tuple(configure(**dict(base) | {sweep: value, "seed": seed}) for seed in seeds for value in values)
    for config in configs if stages else ():
        plan_phases(config, stages or ())
    return configs


def value_words(sweep: str, value: Any) -> str:
    """Name a value of a swept setting as a person reads it."""
    if sweep == STRATEGY:
        return STRATEGIES[value].title if isinstance(value, str) and value in STRATEGIES else str(value)
    return f"{_words(sweep)} {value:g}" if isinstance(value, int | float) else str(value)


def _words(sweep: str) -> str:
    return sweep.replace("_", " ").replace(" lr", " rate")


def _hint(sweep: str) -> str:
    kind = SWEEPS[sweep]
    options = getattr(kind, "__members__", None)
    if options:
        return f"choose from {', '.join(member.value for member in options.values())}"
    return "write a whole number" if kind is int else "write a number such as 1e-3"
