"""What a race runs: one setting swept, everything else equal, once for each seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.finetune.settings import Setting, in_words
from tlviz.finetune.strategies import STRATEGIES

STRATEGY = "strategy"
COURSE = ("head_only", "last_stages", "two_phase", "gradual", "discriminative", "full", "from_scratch")
"""The strategies that the course names."""
PLAN = "plan"
"""What is swept where runs differ in more than one setting: each is told apart by a label of its own."""
MOST_RUNS = 200

SWEEPS: dict[str, Setting] = {name: row for name, row in SETTINGS.items() if row.sweep is not None}
"""The settings that a race can sweep."""


def parse_values(sweep: str, texts: Iterable[str]) -> tuple[Any, ...]:
    """Read the values of a swept setting.  Raises ``UnknownNameError`` or ``BadSettingError``."""
    if sweep not in SWEEPS:
        raise UnknownNameError("setting to sweep", sweep, SWEEPS)
    return tuple(SWEEPS[sweep].read(text.strip()) for text in texts)


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
) -> tuple[FinetuneConfig, ...]:
    """Return the runs of a race: for each seed, one with each value of the swept setting.

    ``base`` holds ``model``, ``data``, and whatever else was chosen for all; where ``strategy`` is not swept it names
    one.  Raises ``UnknownNameError`` or ``BadSettingError`` where any of the runs cannot be.
    """
    if sweep not in SWEEPS:
        raise UnknownNameError("setting to sweep", sweep, SWEEPS)
    for name, chosen in ((in_words(sweep), values), ("seed", seeds)):
        if not chosen:
            raise BadSettingError(f"The race has no {name} to try; give at least one.")
        twice = next((value for value in chosen if list(chosen).count(value) > 1), None)
        if twice is not None:
            raise BadSettingError(f"The {name} {twice} is given twice; give each once.")
    if len(values) * len(seeds) > MOST_RUNS:
        raise BadSettingError(f"The race would have {len(values) * len(seeds)} runs; it can have {MOST_RUNS} at most.")
    return tuple(configure(**dict(base) | {sweep: value, "seed": seed}) for seed in seeds for value in values)


def value_words(sweep: str, value: Any) -> str:
    """Name a value of a swept setting as a person reads it."""
    if sweep == STRATEGY:
        return STRATEGIES[value].title if isinstance(value, str) and value in STRATEGIES else str(value)
    return f"{in_words(sweep)} {value:g}" if isinstance(value, int | float) else str(value)
