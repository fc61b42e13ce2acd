"""What to try after a run: a few sentences with numbers, each with the runs or the page that tries it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlviz.finetune.choices import Augment
from tlviz.measures.accuracy import standard_error
from tlviz.measures.learning_curve import extrapolate

MOST = 3
SHARES = (0.25, 0.5)
LEAST_GAIN = 0.01
"""What would bring less than a point is not worth a sentence."""
CLEAR = 2.0
"""Standard errors by which a difference must be larger than none."""
LEAST_PAIR = 4
PAIR_SHARE = 0.25
"""A class pair is named where so many images, and this share of all errors, are between the two."""
LEAST_SUSPECTS = 3

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to try: ``words`` say why, with numbers, and ``gain`` is the most that it could bring, 0 to 1.

    ``button`` names what tries it: ``runs``, the changed settings of each with its label, or a ``page`` to look at.
    """

    words: str
    gain: float
    button: str
    runs: tuple[tuple[str, Settings], ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A run with fewer labels that is otherwise alike: its training images, and the accuracy of its best epoch."""

    images: int
    accuracy: float


def choose_steps(found: Iterable[NextStep | None], error: float) -> list[NextStep]:
    """Return the few steps worth saying, the largest gain first, of errors that are there at all: ``error``, 0 to 1."""
    worth = [step for step in found if step is not None and step.gain >= LEAST_GAIN and error >= LEAST_GAIN]
    return sorted(worth, key=lambda step: -step.gain)[:MOST]


def more_data(points: Sequence[Point], train: int, accuracy: float, judged: int, classes: int) -> NextStep | None:
    """Say what twice the pictures would bring, by runs with fewer of them; without such, offer to make these."""
    known = {point.images: point.accuracy for point in points} | {train: accuracy}
    found = extrapolate(list(known), list(known.values()), judged, 2 * train)
    if found is None:
        per_class = [max(1, round(share * train / max(1, classes))) for share in SHARES]
        if train < 4 * max(2, classes) or per_class[0] == per_class[1]:
            return None
        runs = tuple(
            (f"{share:.0%} of the pictures", {"labels_per_class": each})
            for share, each in zip(SHARES, per_class, strict=True)
        )
        words = (
            f"Is it short of pictures? It trained on {train:,}; runs on a quarter and a half of them show whether more "
            "would help."
        )
        return NextStep(words, LEAST_GAIN, "Draw the learning curve", (*runs, ("all pictures", {})))
    gain = found.accuracy - accuracy
    between = f"{found.low:.1%} to {found.high:.1%}"
    smallest = min(known)
    words = (
        f"From {smallest:,} to {train:,} training pictures accuracy went from {known[smallest]:.1%} to {accuracy:.1%}; "
        f"with {2 * train:,} expect {found.accuracy:.1%} (90 % interval {between})."
    )
    if found.low <= accuracy:
        return NextStep(f"{words} That may be no gain at all.", max(0.0, gain) / 2, "Look at the target", page="target")
    return NextStep(f"More pictures would help. {words}", gain, "Add pictures", page="target")


def over_fitting(train: float, validation: float, judged: int, settings: Settings) -> NextStep | None:
    """Say that training pictures are named far better than others, and offer more augmentation, or a stronger pull."""
    gap = train - validation
    if gap < 0.05 or gap < CLEAR * standard_error(min(1.0, max(0.0, validation)), judged):
        return None
    words = f"It over-fits: {train:.1%} of the training pictures are right and {validation:.1%} of the others"
    now = str(settings.get("augment", Augment.NONE))
    if now == Augment.STRONG:
        decay = max(0.05, 5 * float(settings.get("weight_decay", 0.01)))
        change = {"weight_decay": decay, "label_smoothing": 0.1}
        return NextStep(f"{words}, with strong augmentation already.", gap / 4, "Try a stronger pull to zero",
                        (("weight decay and label smoothing", change),))  # fmt: skip
    to = Augment.LIGHT if now == Augment.NONE else Augment.STRONG
    return NextStep(f"{words}, with {now if now != Augment.NONE else 'no'} augmentation.", gap / 3,
                    f"Try {to} augmentation", ((f"{to} augmentation", {"augment": to}),))  # fmt: skip


def picture_size(size: int, own: int, larger: int | None, error: float) -> NextStep | None:
    """Say how much of the network's own side its pictures have, and offer the next ``larger`` one it takes."""
    if larger is None or size >= own:
        return None
    words = (
        f"Its pictures have {size} pixels a side, the network was made for {own}: {(size / own) ** 2:.0%} of the area. "
        f"At {larger} a run takes about {(larger / size) ** 2:.1f} times as long."
    )
    return NextStep(words, error * (1 - size / own) / 2, f"Try {larger} pixels",
                    ((f"{larger} pixels", {"image_size": larger}),))  # fmt: skip


def wrong_labels(suspects: int, images: int, error: float) -> NextStep | None:
    """Say how many labels the doctor doubts; wrong ones in validation count as errors that no training can mend."""
    if suspects < LEAST_SUSPECTS or not images:
        return None
    share = suspects / images
    words = (
        f"The labels of {suspects:,} of {images:,} pictures ({share:.1%}) contradict what the others teach; as far as "
        f"they are wrong they explain up to {min(share, error):.1%} of the {error:.1%} errors."
    )
    return NextStep(words, min(share, error), "Look at the labels", page="target")


def class_pair(labels: NDArray[np.int64], guesses: NDArray[np.int64], classes: Sequence[str]) -> NextStep | None:
    """Say which two classes (labels and guesses (n,)) are taken for one another, where that is much of all errors."""
    count = len(classes)
    if count < 3 or not len(labels):
        return None
    taken = np.zeros((count, count), np.int64)
    np.add.at(taken, (labels, guesses), 1)
    both = np.triu(taken + taken.T, 1)
    errors = int((labels != guesses).sum())
    one, other = np.unravel_index(int(both.argmax()), both.shape)
    between = int(both[one, other])
    if between < LEAST_PAIR or between < PAIR_SHARE * errors:
        return None
    words = (
        f"{between} of its {errors} errors are between {classes[one]} and {classes[other]}: telling them apart would "
        f"bring {100 * between / len(labels):.1f} points."
    )
    return NextStep(words, between / len(labels) / 2, "Look at these two", page="runs")


def longer(epochs: Sequence[Mapping[str, Any]], planned: int, judged: int) -> NextStep | None:
    """Say that a run was still gaining at its end by more than its noise, and offer twice the epochs."""
    trained = [epoch for epoch in epochs if epoch["epoch"] > 0]
    if len(trained) < 4 or trained[-1]["epoch"] < planned:
        return None
    third = max(1, len(trained) // 3)
    last = max(float(epoch["val_accuracy"]) for epoch in trained[-third:])
    before = max(float(epoch["val_accuracy"]) for epoch in trained[:-third])
    gain = last - before
    if gain <= 0 or gain < standard_error(min(1.0, last), judged) / math.sqrt(2):
        return None
    words = f"It was still gaining: {100 * gain:.1f} points in the last {third} of {len(trained)} epochs."
    return NextStep(words, gain, f"Try {2 * planned} epochs", (("twice the epochs", {"epochs": 2 * planned}),))
