"""A few of a run's answers that tell most about it: what it is surest of, rightly and wrongly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tlviz.measures.calibration import softmax
from tlviz.runs.predictions import Answers

FEW = 6


@dataclass(frozen=True, slots=True)
class Telling:
    """One validation image by name: what it is, what was answered, and with which probability (0 to 1)."""

    name: str
    truth: str
    answer: str
    confidence: float


def telling_answers(answers: Answers, count: int = FEW) -> tuple[list[Telling], list[Telling]]:
    """Return up to ``count`` right answers and as many wrong ones, the surest first, true classes in turn."""
    confidence = softmax(answers.logits).max(1)
    order = np.argsort(-confidence, kind="stable")

    def told(rows: Sequence[int]) -> list[Telling]:
        return [
            Telling(
                answers.names[at],
                answers.classes[answers.labels[at]],
                answers.classes[answers.guesses[at]],
                float(confidence[at]),
            )
            for at in _in_turn(rows, [int(answers.labels[at]) for at in rows])[:count]
        ]

    right = answers.right
    return told([int(at) for at in order if right[at]]), told([int(at) for at in order if not right[at]])


def _in_turn(rows: Sequence[int], labels: Sequence[int]) -> list[int]:
    """Return rows with the first of every label before the second of any."""
    seen: dict[int, int] = defaultdict(int)
    rounds = []
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        rounds.append((seen[label], place, row))
        seen[label] += 1
    return [row for _, _, row in sorted(rounds)]
