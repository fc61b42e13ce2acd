"""Whether a file of a bundle gives the answers of the run, in numbers and in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlviz.errors import listed
from tlviz.export.checking.own_answers import OwnAnswers
from tlviz.export.checking.process import FileAnswers


class CheckStatus(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Check:
    """The check of one format.  Accuracies and agreement are fractions, None where nothing was compared.

    ``top1_agreement`` and ``max_logit_difference`` compare it with this program over ``images`` validation pictures
    and ``odd_renderings`` of some of them; the run was validated on ``validation_images``.  ``run_accuracy`` is what
    the run recorded for the pictures that are still what they were.  ``reason`` says why a check failed or did not
    run, ``notes`` what else is worth knowing.
    """

    status: CheckStatus
    reason: str | None = None
    top1_agreement: float | None = None
    max_logit_difference: float | None = None
    images: int = 0
    validation_images: int = 0
    odd_renderings: int = 0
    accuracy: float | None = None
    run_accuracy: float | None = None
    size_bytes: int = 0
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as ``checks.json`` has them: a number that is none becomes null."""
        values = asdict(self) | {"notes": list(self.notes), "latency_ms": dict(self.latency_ms)}
        difference = self.max_logit_difference
        finite = difference is None or math.isfinite(difference)
        return values if finite else values | {"max_logit_difference": None}


@dataclass(frozen=True, slots=True)
class Pictures:
    """What all files of a bundle are asked about: the ``images`` validation pictures first, then odd renderings.

    ``names`` (N) and ``own``, this program's answers, are of both; ``labels`` (images) of the former.  ``right`` are
    the run's recorded answers for them, None without; ``changed`` whether a picture is another one than the run saw.
    """

    names: Sequence[str]
    labels: NDArray[np.int64]
    own: OwnAnswers
    right: NDArray[np.bool_] | None
    changed: NDArray[np.bool_]
    validation_images: int
    notes: tuple[str, ...] = ()
    called: str = "pictures"

    @property
    def images(self) -> int:
        """How many of them are validation pictures."""
        return len(self.labels)


def judge(asked: Pictures, found: FileAnswers, unread: Mapping[int, str], limit: float | None) -> Check:
    """Compare the answers of a file with this program's; ``limit`` is the largest difference of a logit, None for any.

    A file without a limit, of lower precision, fails only where it cannot be asked: its cost is measured.
    """
    told = Check(CheckStatus.PASSED, validation_images=asked.validation_images, notes=asked.notes)
    told = replace(told, images=asked.images, odd_renderings=len(asked.names) - asked.images)
    if found.error:
        return replace(told, status=CheckStatus.FAILED, reason=f"It cannot be used: {found.error}.")
    if found.logits.shape[1:] != asked.own.logits.shape[1:]:
        words = f"It gives {found.logits.shape[1]} logits; the run has {asked.own.logits.shape[1]} classes."
        return replace(told, status=CheckStatus.FAILED, reason=words)
    told = replace(told, latency_ms=found.latency_ms)
    agree, difference = _compared(asked.own, found, limit)
    told = replace(told, top1_agreement=float(agree.mean()), max_logit_difference=difference)
    accuracy, run_accuracy = _accuracies(asked, found)
    told = replace(told, accuracy=accuracy, run_accuracy=run_accuracy)
    return _judged(told, asked, agree, unread, limit)


def _compared(own: OwnAnswers, found: FileAnswers, limit: float | None) -> tuple[NDArray[np.bool_], float]:
    """Return which best guesses agree, of the pictures that this program can open, and the largest difference."""
    place = {int(row): at for at, row in enumerate(found.rows)}
    agree = np.zeros(len(own.rows), np.bool_)
    difference = 0.0
    for at, row in enumerate(own.rows):
        mine = own.logits[at]
        if int(row) not in place:
            continue
        theirs = found.logits[place[int(row)]]
        largest = float(np.abs(mine - theirs).max())
        difference = max(difference, largest if math.isfinite(largest) else math.inf)
        # Where two classes are equal to the last digits, either is the best guess.
        agree[at] = math.isfinite(largest) and bool(mine[theirs.argmax()] >= mine.max() - (limit or 0.0))
    return agree, difference


def _accuracies(asked: Pictures, found: FileAnswers) -> tuple[float | None, float | None]:
    """Return the accuracy on the validation pictures, and the run's own on those of them that are unchanged."""
    best = {int(row): int(logits.argmax()) for row, logits in zip(found.rows, found.logits, strict=True)}
    right = np.array([best.get(at) == label for at, label in enumerate(asked.labels)], np.bool_)
    accuracy = float(right.mean()) if len(right) else None
    if asked.right is None or asked.changed.all():
        return accuracy, None
    kept = ~asked.changed
    return (accuracy if kept.all() else float(right[kept].mean())), float(asked.right[kept].mean())


def _judged(
    told: Check, asked: Pictures, agree: NDArray[np.bool_], unread: Mapping[int, str], limit: float | None
) -> Check:
    own = [int(row) for row in asked.own.rows]
    refused = [at for at in own if at in unread]
    if refused:
        named = listed((asked.names[at] for at in refused), 3)
        words = f"It cannot read {len(refused):,} of {len(own):,} {asked.called}: {named} ({unread[refused[0]]})."
        return replace(told, status=CheckStatus.FAILED, reason=words)
    if limit is None:
        return replace(told, notes=(*told.notes, _cost(told)))
    if not agree.all():
        other = [asked.names[at] for at, same in zip(own, agree, strict=True) if not same]
        words = f"{len(other):,} of {len(own):,} {asked.called} get another answer than in tlviz: {listed(other, 3)}."
        return replace(told, status=CheckStatus.FAILED, reason=words)
    assert told.max_logit_difference is not None  # noqa: S101
    if told.max_logit_difference > limit:
        words = (
            f"Its logits differ from tlviz's by up to {told.max_logit_difference:.2g}; at most {limit:g} is allowed."
        )
        return replace(told, status=CheckStatus.FAILED, reason=words)
    if told.accuracy is not None and told.run_accuracy is not None and _is_other(told, asked):
        words = (
            f"Its accuracy on the run's {asked.called} is {told.accuracy:.1%}; the run's was {told.run_accuracy:.1%}."
        )
        return replace(told, status=CheckStatus.FAILED, reason=words)
    return told


def _is_other(told: Check, asked: Pictures) -> bool:
    """Return whether two accuracies differ by a picture or more."""
    kept = int((~asked.changed).sum())
    return abs((told.accuracy or 0.0) - (told.run_accuracy or 0.0)) * kept > 0.5


def _cost(told: Check) -> str:
    """Say what lower precision costs."""
    agreement = f"{told.top1_agreement:.1%} of the answers are those of the run"
    if told.accuracy is None or told.run_accuracy is None:
        return f"Lower precision: {agreement}."
    gap = (told.accuracy - told.run_accuracy) * 100
    return f"Lower precision: {agreement}, and its accuracy is {told.accuracy:.1%}, {gap:+.1f} points."
