"""Whether pictures are still what they were: four bytes of each, from its pixels."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from tlviz.data.images import ImageSet
from tlviz.data.texts.rows import TokenRows

Prints = NDArray[np.uint32]
MOST_BYTES = 4 * 2**30
"""Of larger targets only every so many rows of pixels are looked at."""
NAMED = 3


def fingerprints(images: ImageSet) -> Prints:
    """Return a checksum of each picture's pixels, (N,): another one means another content."""
    rows, count = images.rows, len(images.names)
    if isinstance(rows, TokenRows):
        return np.array([zlib.crc32(np.ascontiguousarray(rows[at]).data) for at in range(count)], dtype="<u4")
    prints = np.empty(count, dtype="<u4")
    for at in range(count):
        prints[at] = fingerprint(rows[at], count)
    return prints


def fingerprint(square: NDArray[np.uint8], count: int) -> int:
    """Return the checksum of one picture (S, S, 3) of a target of ``count``."""
    side = square.shape[0]
    step = max(1, -(-count * side * side * 3 // MOST_BYTES))
    return zlib.crc32(np.ascontiguousarray(square[:side:step]).data)


def changed_names(images: ImageSet, before: Prints, now: Prints) -> list[str]:
    """Return the names of the pictures whose content is not what it was."""
    return [images.names[at] for at in np.flatnonzero(before != now)]


def named(names: list[str]) -> str:
    """List the first of some names, and say how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
