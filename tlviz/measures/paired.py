"""Is one of two results better, or is it noise?  Differences on the same images and over the same seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
LEVEL = 0.05
"""A difference that chance makes less often than this is more than noise, everywhere in the program."""


def mean_and_error(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean of some values and its standard error, None for a single one."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, None
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, math.sqrt(variance / len(values))


@lru_cache(maxsize=256)
def t_95(degrees: int) -> float:
    """Return Student's two-sided 95% quantile."""
    from scipy.special import stdtrit  # scipy takes a while to import

    return float(stdtrit(degrees, 1 - LEVEL / 2))


@lru_cache(maxsize=256)
def normal_95(comparisons: int = 1) -> float:
    """Return the normal two-sided 95% quantile for so many comparisons at once (Bonferroni)."""
    from scipy.special import ndtri  # scipy takes a while to import

    return float(ndtri(1 - LEVEL / 2 / comparisons))


def difference_error(first: Hits, second: Hits) -> float:
    """Return the standard error of the difference of two accuracies on the same images, hits as (n,) truth values.

    McNemar 1947: only images that one of the two gets right count, sqrt(b + c - (b - c)^2 / n) / n.
    """
    count = len(first)
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    return math.sqrt(only_first + only_second - (only_first - only_second) ** 2 / count) / count


def pack_hits(hits: Hits) -> str:
    """Write truth values (n,) as hexadecimal digits, eight to two digits."""
    return np.packbits(hits).tobytes().hex()


def unpack_hits(text: str, count: int) -> Hits | None:
    """Read ``count`` truth values that ``pack_hits`` wrote, or None where the text is not such."""
    try:
        packed = np.frombuffer(bytes.fromhex(text), np.uint8)
    except ValueError:
        return None
    if not count or len(packed) != math.ceil(count / 8):
        return None
    return np.unpackbits(packed, count=count).astype(bool)
