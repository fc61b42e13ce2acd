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


def interval(share: float, count: int, deviations: float = 1.0) -> tuple[float, float]:
    """Return the interval of a share, 0 to 1, seen in ``count`` independent images: one standard error by default.

    Wilson 1927 ("Probable inference, the law of succession, and statistical inference"): it is never empty and never
    leaves 0 to 1, also where all or none were right.  Raises ``ValueError`` without images.
    """
    if count < 1:
        raise ValueError(f"count is {count}; a share needs at least one image.")
    squared = deviations**2
    middle = (share + squared / (2 * count)) / (1 + squared / count)
    half = deviations / (1 + squared / count) * math.sqrt(share * (1 - share) / count + squared / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def standard_error(share: float, count: int) -> float:
    """Return how far a share, 0 to 1, seen in ``count`` independent images may be off: one standard error.

    The longer side of its ``interval``; with many images the binomial sqrt(p (1 - p) / n), and never zero: 16 right of
    16 may be 5.9 points less.  Raises ``ValueError`` without images.
    """
    low, high = interval(share, count)
    return max(share - low, high - share)
