"""How long the runs of a race still take that have not begun: by what each costs, not as if all were alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tlviz.errors import TlvizError
from tlviz.finetune.config import FinetuneConfig
from tlviz.medium import Medium
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages
from tlviz.models.spec import Stage
from tlviz.runs.expected_time import work_of

_TRAIN, _VALIDATION = 80, 20
"""Pictures for which work is compared: only how runs differ is asked."""


class Paces:
    """What the runs of a race have taken, and so what the others may take: ``planned`` are their settings by number."""

    def __init__(self, planned: Sequence[Mapping[str, Any]]) -> None:
        self._planned = planned
        self._taken: dict[str, float] = {}
        self._rates: list[float] = []
        self._stages: dict[str, tuple[Stage, ...]] = {}

    def note(self, number: int, words: str, seconds: float) -> None:
        """Remember what a run took."""
        self._taken[words] = seconds
        self._rates.append(seconds / self.work(number))

    def left(
        self, number: int, words: str, after: Iterable[tuple[int, str]], spent: float, seconds_left: float | None
    ) -> float | None:
        """Return the seconds that a run and those after it, (number, words) each, still take; None where none knows.

        A run of the same value tells best, then the work of those before, then of this one.
        """
        rate = math.fsum(self._rates) / len(self._rates) if self._rates else None
        if seconds_left is None:
            if rate is None:
                return None
            seconds_left = max(0.0, self._taken.get(words, rate * self.work(number)) - spent)
        if rate is None:
            rate = (spent + seconds_left) / self.work(number)
        return seconds_left + math.fsum(
            self._taken[named] if named in self._taken else rate * self.work(other) for other, named in after
        )

    def work(self, number: int) -> float:
        """Return what a run computes, in a unit that all runs of a race share; 1 where that cannot be said."""
        try:
            config = FinetuneConfig.from_json(self._planned[number])
            return max(work_of(config, self._stages_of(config.model), _TRAIN, _VALIDATION), 1e-6)
        except TlvizError:
            return 1.0

    def _stages_of(self, model: str) -> tuple[Stage, ...]:
        spec = find_model(model)
        if spec.medium is not Medium.PICTURES:
            raise TlvizError("the work of texts is not compared")
        if model not in self._stages:
            self._stages[model] = architecture_stages(spec, spec.class_count)
        return self._stages[model]
