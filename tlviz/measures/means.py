"""Means of what is known."""

from __future__ import annotations

import math
from collections.abc import Iterable


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are known, None where none is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
