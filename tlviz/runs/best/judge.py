"""What a winner is worth on pictures that no choice has seen, and whether there was anything to learn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.accuracy import interval
from tlviz.measures.best_of import accuracy_without_choice

NINETY = 1.6449
"""Standard deviations on each side that hold 90% of a normal distribution."""
SURE = 0.01
"""Guessing gives as many hits in less than this share of cases, or there is no signal."""
TEST, HELD_OUT, NESTED = "test part", "held-out part", "validation part without choice"


@dataclass(frozen=True, slots=True)
class Estimate:
    """An accuracy with its 90% interval, on how many images of which part, against the share that guessing names."""

    accuracy: float
    interval: tuple[float, float]
    images: int
    estimated_on: str
    guessing: float


def on_part(hits: NDArray[np.bool_], guessing: float, part: str) -> Estimate:
    """Return the estimate from which images (n,) of a part kept from all choices were named rightly.

    The interval is Wilson's (1927), for an unlimited number of other images of the same kind.
    """
    share = float(hits.mean())
    return Estimate(share, interval(share, len(hits), NINETY), len(hits), part, guessing)


def nested(candidates: Sequence[NDArray[np.bool_]], guessing: float) -> Estimate | None:
    """Return it where no image could be kept: the choice among all epochs of all runs is repeated on images drawn anew.

    ``candidates`` are the hits (n,) of every validated epoch, on the same images.  Tsamardinos et al. 2018, as in
    ``accuracy_without_choice``.  None where they are too few.
    """
    share = accuracy_without_choice(candidates)
    if share is None:
        return None
    images = len(candidates[0])
    return Estimate(share, interval(share, images, NINETY), images, NESTED, guessing)


def has_signal(estimate: Estimate, *, is_measured: bool) -> bool:
    """Return whether something was learnt: more hits than guessing's by far more than luck, or than a probe's.

    ``is_measured`` says that a linear probe of the target was clearly above guessing and above permuted labels; then
    being above guessing at all is enough.
    """
    hits = round(estimate.accuracy * estimate.images)
    by_luck = chance_of_as_many(hits, estimate.images, estimate.guessing)
    return by_luck < SURE or (is_measured and estimate.accuracy > estimate.guessing)


def chance_of_as_many(hits: int, images: int, guessing: float) -> float:
    """Return the probability that guessing names at least so many of the images rightly (binomial)."""
    if hits <= 0 or guessing >= 1:
        return 1.0
    if guessing <= 0:
        return 0.0
    log = [
        math.lgamma(images + 1) - math.lgamma(k + 1) - math.lgamma(images - k + 1)
        + k * math.log(guessing) + (images - k) * math.log1p(-guessing)
        for k in range(hits, images + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(map(math.exp, log)))


def guessing_share(train: NDArray[np.int64], judged: NDArray[np.int64]) -> float:
    """Return how many of the judged labels (n,) are the commonest class of the training labels: a share, 0 to 1."""
    return float((judged == np.bincount(train).argmax()).mean()) if len(train) and len(judged) else 0.0
