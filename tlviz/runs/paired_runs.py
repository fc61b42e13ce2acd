"""Two ways of training beside each other, on the same images and seeds: how far apart, and whether more than noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tlviz.measures.accuracy import standard_error
from tlviz.measures.paired import LEVEL, Hits, difference_error, mean_and_error, normal_95, t_95, unpack_hits
from tlviz.measures.sign_test import sign_test
from tlviz.runs.summary import RunSummary

SEEDS_FOR_PAIRS = 3
"""From this many seeds on, noise is judged by the differences between the seeds themselves."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run reached: its accuracy, 0 to 1, on ``images``; ``hits`` as ``pack_hits`` wrote them, or empty."""

    accuracy: float
    images: int
    hits: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the first is above the second, one standard error of that, and whether it is more than noise (95%)."""

    gap: float
    error: float
    is_distinguishable: bool


def scored(summary: RunSummary) -> Scored | None:
    """Return what a run reached at its best epoch, None before any and where nobody knows on how many images."""
    images = summary.start_event.get("validation_images")
    if summary.best_val_accuracy is None or not isinstance(images, int) or images < 1:
        return None
    best = next((epoch for epoch in summary.epochs if epoch["epoch"] == summary.best_epoch), {})
    return Scored(summary.best_val_accuracy, images, str(best.get("val_hits") or ""))


def compare_pairs(pairs: Sequence[tuple[Scored, Scored]]) -> Gap:
    """Compare two ways of training by their runs, one pair a seed; at least one pair.

    From three seeds on by Student's t over the differences.  Below, by the exact form of McNemar's test (1947) on the
    same images, which knows the noise of the images alone; where it is not known which were right, by the binomial
    error of both.
    """
    gap, spread = mean_and_error([first.accuracy - second.accuracy for first, second in pairs])
    if spread is not None and len(pairs) >= SEEDS_FOR_PAIRS and spread > 0:
        return Gap(gap, spread, abs(gap) > t_95(len(pairs) - 1) * spread)
    error = math.sqrt(sum(pair_error(*pair) ** 2 for pair in pairs)) / len(pairs)
    fixed = [_discordant(*pair) for pair in pairs]
    if all(counts is not None for counts in fixed):
        wins, losses = (sum(counts[side] for counts in fixed if counts) for side in (0, 1))
        return Gap(gap, error, sign_test(wins, losses) <= LEVEL)
    return Gap(gap, error, abs(gap) > normal_95() * error)


def pair_error(first: Scored, second: Scored) -> float:
    """Return the standard error of the difference of two runs, paired where their images are the same."""
    hits = _both(first, second)
    if hits is not None:
        return difference_error(*hits)
    return math.hypot(*(standard_error(min(1.0, max(0.0, s.accuracy)), max(1, s.images)) for s in (first, second)))


def _discordant(first: Scored, second: Scored) -> tuple[int, int] | None:
    """Return how many images only the first, and only the second, named rightly."""
    hits = _both(first, second)
    return None if hits is None else (int((hits[0] & ~hits[1]).sum()), int((hits[1] & ~hits[0]).sum()))


def _both(first: Scored, second: Scored) -> tuple[Hits, Hits] | None:
    """Return the images that each named rightly, None where they were not the same ones or are not known."""
    if first.images != second.images:
        return None
    one, other = (unpack_hits(scored.hits, scored.images) for scored in (first, second))
    return None if one is None or other is None else (one, other)
