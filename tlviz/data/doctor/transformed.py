"""Copies that the hash does not find: turned, mirrored, cropped, brightened, without colours, and several of these.

What fills the same frame is searched among all pairs; crops among the pictures that a network finds most alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.data.doctor.alignment import (
    BOXES,
    Floats,
    Mask,
    coarse,
    directions,
    oriented,
    overlay,
    same_frame,
    windows,
)
from tlviz.data.doctor.inspect_file import Facts

SMALLEST_SIDE = 32
"""Of a picture with a shorter side nobody can tell a turned copy from a lookalike."""
_COLOURED = 4.0
"""Mean distance of the highest from the lowest channel, of 255, from which on a picture has colours."""
_ALIKE = 0.8
_CANDIDATES = 5
"""A picture is compared in detail with this many that resemble it in the same frame, turned or not."""
_WINDOW_ALIKE = 0.62
_WINDOW_CANDIDATES = 3
_ASPECT = 0.04
"""How far the two sides' scales may differ (logarithm): a crop is not stretched."""
_COARSE_ASPECT = 0.35
_CROPPED = 0.96
"""A window that is larger on both sides is no crop, but the whole frame, which is judged as it is."""
_BLOCK = 64

Ints = NDArray[np.int64]
Near = Sequence[Sequence[int]]


def find_transformed(
    facts: Sequence[Facts], groups: Ints, neighbours: Ints | None = None, check: Callable[[], None] | None = None
) -> Iterator[tuple[int, int]]:
    """Give pairs of positions of one picture, the lower first, that are not in one group (N,) yet.

    ``neighbours`` (N, k) are the pictures that a network finds most alike; without them crops are not searched.
    Pictures of one colour or with few pixels are left alone.  ``check`` may raise to end the search.
    """
    fit = [
        at
        for at, fact in enumerate(facts)
        if not fact.is_constant and min(fact.width, fact.height) >= SMALLEST_SIDE and groups[at] == at
    ]
    members = np.array(fit, dtype=np.int64)
    if len(members) < 2:
        return
    greys = np.stack([facts[at].grey for at in members]).astype(np.float32)
    turned = directions(coarse(oriented(greys)))
    coloured = np.array([np.ptp(facts[at].thumb.astype(int), axis=-1).mean() >= _COLOURED for at in members])
    yield from _in_frame(members, greys, turned, coloured, check)
    if neighbours is not None:
        places = {int(at): place for place, at in enumerate(members)}
        near = [[places[at] for at in row if at in places] for row in neighbours[members].tolist()]
        yield from _alike_in_frame(members, greys, turned, coloured, near, check)
        yield from _cropped(facts, members, greys, turned, coloured, near, check)


def _in_frame(
    members: Ints, greys: Floats, turned: Floats, coloured: Mask, check: Callable[[], None] | None
) -> Iterator[tuple[int, int]]:
    """Compare every picture as it is with every other one in eight orientations."""
    count = len(members)
    for start in range(0, count, _BLOCK):
        if check:
            check()
        rows = turned[start : start + _BLOCK, 0]
        found = (rows @ turned[start:].reshape(-1, rows.shape[1]).T).reshape(len(rows), count - start, -1)
        turn, best = found.argmax(2), found.max(2)
        best[np.arange(count - start) <= np.arange(len(rows))[:, None]] = -1  # itself, and what came before
        most = min(_CANDIDATES, count - start)
        near = np.argpartition(-best, most - 1, axis=1)[:, :most]
        one, place = np.nonzero(np.take_along_axis(best, near, 1) >= _ALIKE)
        other = near[one, place]
        as_turned = (
            np.stack([_orient(greys[start + at], turn[row, at]) for row, at in zip(one, other, strict=True)])
            if len(one)
            else greys[:0]
        )
        agrees = same_frame(greys[start + one], as_turned).agrees(coloured[start + one] != coloured[start + other])
        for row, at in zip(one[agrees], other[agrees], strict=True):
            yield int(members[start + row]), int(members[start + at])


def _alike_in_frame(
    members: Ints, greys: Floats, turned: Floats, coloured: Mask, near: Near, check: Callable[[], None] | None
) -> Iterator[tuple[int, int]]:
    """Compare every picture with those that a network finds like it, whose tones may be far off."""
    for start in range(0, len(members), _BLOCK):
        if check:
            check()
        pairs = [(one, other) for one in range(start, min(start + _BLOCK, len(members))) for other in near[one]]
        if not pairs:
            continue
        one, other = np.array(pairs, dtype=np.int64).T
        turns = (turned[other] @ turned[one, 0][..., None])[..., 0].argmax(1)
        as_turned = np.stack([_orient(greys[at], turn) for at, turn in zip(other, turns, strict=True)])
        agrees = same_frame(greys[one], as_turned).agrees(coloured[one] != coloured[other])
        for first, second in zip(members[one[agrees]].tolist(), members[other[agrees]].tolist(), strict=True):
            yield min(first, second), max(first, second)


def _cropped(
    facts: Sequence[Facts],
    members: Ints,
    greys: Floats,
    turned: Floats,
    coloured: Mask,
    near: Near,
    check: Callable[[], None] | None,
) -> Iterator[tuple[int, int]]:
    """Look for every picture, in eight orientations, inside those that a network finds like it."""
    around: dict[int, set[int]] = defaultdict(set)
    for place, others in enumerate(near):
        for other in others:
            around[place].add(other)
            around[other].add(place)
    aspects = np.log([facts[at].width / facts[at].height for at in members])
    for start in range(0, len(members), _BLOCK):
        if check:
            check()
        tried = [
            (large, *found)
            for large in range(start, min(start + _BLOCK, len(members)))
            for found in _windows_like(large, sorted(around[large] - {large}), greys, turned, aspects)
        ]
        if not tried:
            continue
        large, small, turn, window = (np.array(column, dtype=np.int64) for column in zip(*tried, strict=True))
        ones = np.stack([_orient(greys[at], way) for at, way in zip(small, turn, strict=True)])
        found = overlay(ones, greys[large], BOXES[window])
        scale = np.log(found.boxes[:, 3] / found.boxes[:, 2]) + aspects[large] - _turned_aspect(aspects[small], turn)
        agrees = (
            found.agrees(coloured[large] != coloured[small])
            & (np.abs(scale) <= _ASPECT)
            & (found.boxes[:, 2:].min(1) < _CROPPED)
        )
        for one, other in zip(members[large[agrees]].tolist(), members[small[agrees]].tolist(), strict=True):
            yield min(one, other), max(one, other)


def _windows_like(
    large: int, others: Sequence[int], greys: Floats, turned: Floats, aspects: Floats
) -> Iterator[tuple[int, int, int]]:
    """Give (small, orientation, window) where a window of a picture resembles others most."""
    if not others:
        return
    found = np.einsum("wd,nod->nwo", windows(greys[large]), turned[others])
    flat = found.reshape(len(others), -1)
    best = flat.argmax(1)
    scores, window, turn = flat.max(1), best // found.shape[2], best % found.shape[2]
    is_like = np.abs(aspects[large] - _turned_aspect(aspects[others], turn)) <= _COARSE_ASPECT
    scores = np.where(is_like, scores, -1)
    for at in np.argsort(-scores)[:_WINDOW_CANDIDATES]:
        if scores[at] >= _WINDOW_ALIKE:
            yield others[at], int(turn[at]), int(window[at])


def _turned_aspect(aspects: Floats, turn: Ints) -> Floats:
    """Return the logarithm of width by height after a quarter turn or none; odd orientations are quarter turns."""
    return np.where(turn % 2 == 1, -aspects, aspects)


def _orient(grey: Floats, turn: int) -> Floats:
    picture = np.rot90(grey, int(turn) % 4)
    return picture[:, ::-1] if turn >= 4 else picture
