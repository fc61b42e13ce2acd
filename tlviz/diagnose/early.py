"""What is known of a stage before a profile is complete; nothing here needs torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

EVENT = "probed"
"""The name of the event that tells it."""


@dataclass(frozen=True, slots=True)
class EarlyStage:
    """A stage's probe with its standard error, and that of random weights, the mean of the draws so far, if any.

    ``chance`` is the accuracy of guessing; all are balanced accuracies, 0 to 1.
    """

    name: str
    probe: float
    probe_se: float
    chance: float
    random: float | None = None


Early = Callable[[EarlyStage], None]


def early_stages(events: Iterable[Mapping[str, Any]]) -> list[EarlyStage]:
    """Return what a job's events tell of each stage, the latest of each, in the order of the stages."""
    found: dict[str, EarlyStage] = {}
    for event in events:
        if event.get("event") == EVENT and (stage := _read(event)) is not None:
            found[stage.name] = stage
    return list(found.values())


def _read(event: Mapping[str, Any]) -> EarlyStage | None:
    values = [event.get(name) for name in ("probe", "probe_se", "chance")]
    name, random = event.get("name"), event.get("random")
    if not isinstance(name, str) or not all(isinstance(value, int | float) for value in values):
        return None
    probe, se, chance = (float(value or 0.0) for value in values)
    return EarlyStage(name, probe, se, chance, float(random) if isinstance(random, int | float) else None)
