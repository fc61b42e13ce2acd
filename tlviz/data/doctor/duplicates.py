"""Pictures of the same content: the same bytes, the same pixels, or nearly the same picture.

Candidates for nearly the same come from the perceptual hash (Zauner 2010, the DCT hash of the ImageHash library).
They are confirmed on thumbnails of 32 x 32 pixels, because pictures on a plain background often share a hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tlviz.data.doctor.inspect_file import THUMB, Facts
from tlviz.data.doctor.transformed import find_transformed

MAX_BITS = 8
"""Hashes that differ in more of their 64 bits cannot belong to copies."""
_BLOCK = 128
_CHUNK = 1024
_CELL = 4
_COARSE_SIDE = 32
"""A picture with a shorter side has too few pixels to tell copies from lookalikes: it must agree almost exactly."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class Likeness(StrEnum):
    """How far two pictures of a group agree, the closest first."""

    BYTES = "the same bytes as"
    PIXELS = "the same pixels as"
    NEARLY = "nearly the same picture as"
    CHANGED = "turned, mirrored, cropped or in other tones the same picture as"


def find_groups(
    facts: Sequence[Facts],
    check: Callable[[], None] | None = None,
    alike: Callable[[Ints], Ints] | None = None,
    *,
    transformed: bool = True,
) -> Ints:
    """Return a group number for each picture (N,), the least position in it; pictures of the same content share one.

    Pictures of one colour join a group only where they are exactly equal.  ``check`` is called now and then and may
    raise to end the search.  ``alike`` gives for groups (N,) the pictures (N, k) of other groups that a network finds
    most alike; without it crops are not found.  Without ``transformed`` neither are turned or mirrored ones, which take
    most of the time.
    """
    groups = np.arange(len(facts))
    for digest in ("byte_digest", "pixel_digest"):
        first: dict[bytes, int] = {}
        for at, fact in enumerate(facts):
            _unite(groups, first.setdefault(getattr(fact, digest), at), at)
    varied = np.array(
        [at for at, fact in enumerate(facts) if not fact.is_constant and groups[at] == at], dtype=np.int64
    )
    if len(varied):
        _unite_near(facts, varied, groups, check)
        if transformed:
            near = alike(groups) if alike else None
            for one, other in find_transformed(facts, groups.copy(), near, check):
                _unite(groups, one, other)
    return groups


def agreement(one: Facts, other: Facts) -> Likeness:
    """Say how far two pictures of a group agree."""
    if one.byte_digest == other.byte_digest:
        return Likeness.BYTES
    if one.pixel_digest == other.pixel_digest:
        return Likeness.PIXELS
    bits = np.array([(one.hash ^ other.hash).bit_count()], np.uint8)
    return Likeness.NEARLY if bits[0] <= MAX_BITS and is_near(one, [other], bits)[0] else Likeness.CHANGED


def _unite_near(facts: Sequence[Facts], members: Ints, groups: Ints, check: Callable[[], None] | None) -> None:
    hashes = np.array([facts[at].hash for at in members], dtype=np.uint64)
    for start in range(0, len(members), _BLOCK):
        if check:
            check()
        rows = hashes[start : start + _BLOCK]
        near = np.bitwise_count(rows[:, None] ^ hashes[None, start:]) <= MAX_BITS
        for row in np.flatnonzero(near.sum(1) > 1):
            one = start + int(row)
            others = start + np.flatnonzero(near[row])
            others = others[(others > one) & (groups[members[others]] != groups[members[one]])]
            for chunk in np.split(others, range(_CHUNK, len(others), _CHUNK)) if len(others) else ():
                bits = np.bitwise_count(hashes[chunk] ^ hashes[one])
                confirmed = is_near(facts[members[one]], [facts[members[at]] for at in chunk], bits)
                for other in chunk[confirmed]:
                    _unite(groups, int(members[one]), int(members[other]))


def is_near(one: Facts, others: Sequence[Facts], bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which of the candidates (n,) show the same picture as ``one``; ``bits`` (n,) differ between their hashes.

    The thresholds were set by what JPEG quality 10, half the size, and brightness or contrast changed by 15 to 20 % do
    to photographs and drawings (correlation of the whole above 0.97, of the detail above 0.9), and by the most alike
    different pictures (0.945 and 0.9).  Below them, a close hash and a small difference in brightness count too:
    thin lines on white that moved by a pixel.
    """
    mine = one.thumb.astype(np.float32)
    theirs = np.array([other.thumb for other in others], dtype=np.float32).reshape(-1, *mine.shape)
    whole = _correlation(mine - mine.mean(), theirs - theirs.mean((1, 2, 3), keepdims=True))
    detail = _correlation(_detail(mine), _detail(theirs))
    difference = np.abs(theirs - mine).mean((1, 2, 3))
    lines = (bits <= MAX_BITS // 2) & (whole >= 0.88) & (difference <= 8)
    alike = (detail >= 0.85) & ((whole >= 0.96) | lines)
    exact = (whole >= 0.998) & (detail >= 0.99)
    coarse = [min(fact.width, fact.height, one.width, one.height) < _COARSE_SIDE for fact in others]
    return np.where(coarse, exact, alike)


def _detail(thumbs: Floats) -> Floats:
    """Take the mean of each cell of 4 x 4 pixels away from thumbnails (..., 32, 32, 3)."""
    cells = THUMB // _CELL
    grid = thumbs.reshape(*thumbs.shape[:-3], cells, _CELL, cells, _CELL, 3)
    fine: Floats = (grid - grid.mean((-4, -2), keepdims=True)).reshape(thumbs.shape)
    return fine


def _correlation(one: Floats, others: Floats) -> Floats:
    """Return the cosine of a centred picture with others (n, ...): (n,); 0 where one of them is all zeros."""
    flat, rows = one.ravel(), others.reshape(len(others), -1)
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(flat)
    cosines: Floats = np.divide(rows @ flat, norms, out=np.zeros(len(rows), np.float32), where=norms > 1e-3)
    return cosines


def _unite(groups: Ints, one: int, other: int) -> None:
    """Give two groups the lower of their numbers."""
    low, high = sorted((int(groups[one]), int(groups[other])))
    if low != high:
        groups[groups == high] = low
