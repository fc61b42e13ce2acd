"""How often the best guess is right, and how far that number can be trusted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Return the share, 0 to 1, of logits (N, C) whose largest is at its label (N,)."""
    return (logits.argmax(1) == labels).float().mean().item()


def macro_f1(logits: Tensor, labels: Tensor) -> float:
    """Return the mean F1 score, 0 to 1, over the classes that occur among labels (N,) or best guesses of logits (N, C).

    A class's F1 is 2 hits / (labels + guesses), so every class counts alike however rare it is.
    """
    guesses, classes = logits.argmax(1), logits.shape[1]
    hits = labels[guesses == labels].bincount(minlength=classes)
    occurrences = labels.bincount(minlength=classes) + guesses.bincount(minlength=classes)
    present = occurrences > 0
    return (2 * hits[present] / occurrences[present]).mean().item()


def standard_error(share: float, count: int) -> float:
    """Return the standard error of a share, 0 to 1, seen in ``count`` independent images.

    The plain binomial sqrt(p (1 - p) / n).  Raises ``ValueError`` without images.
    """
    if count < 1:
        raise ValueError(f"count is {count}; a share needs at least one image.")
    return math.sqrt(share * (1 - share) / count)
