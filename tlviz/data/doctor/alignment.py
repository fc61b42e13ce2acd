"""Whether one picture is another one turned, mirrored, cropped, brightened or without its colours.

Two small grey versions are laid over each other: a coarse search over eight orientations and windows of several sizes,
then a registration by Gauss-Newton steps (Lucas and Kanade 1981; Baker and Matthews 2004).  What then agrees is judged
after one tone curve, so that brightness and clipping do not count (the correlation ratio of Roche 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 64
"""Side of the grey versions."""
COARSE = 16
_FINE = 48
_CELL = 4
_BLOCK = 8
_STEPS = 6
_TOGETHER = 64
_STAGES = ((3, 16, 0.9), (1, 32, 0.9), (0, _FINE, 0.8))
"""How smooth the versions are, how many places are compared, and the agreement without which a pair is dropped."""
_TONES = 24
_SIZES = (0.55, 0.625, 0.7, 0.775, 0.85, 0.925)
_STRIDE = 0.0625
_SMALLEST = 0.5
_LIKELY = 0.65
"""Finer structure that agrees less is not that of copies, whatever was done to their brightness."""

Floats = NDArray[Any]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """How well P pairs agree once laid over each other, each (P,): 1 is the same picture.

    ``whole`` is the share of the variance that one tone curve explains, ``detail`` the correlation of what is finer
    than a cell, ``worst`` the largest difference of any block against what varies in it.  ``plain`` is the
    correlation without any tone curve.  ``boxes`` (P, 4) are where
    the one lies in the other: top, left, height and width as shares.
    """

    whole: Floats
    detail: Floats
    worst: Floats
    plain: Floats
    boxes: Floats

    def keep(self, rows: Ints, judged: tuple[Floats, Floats, Floats, Floats]) -> None:
        """Write down what was judged of some pairs."""
        self.whole[rows], self.detail[rows], self.worst[rows], self.plain[rows] = judged

    def agrees(self, lost_colours: Mask) -> Mask:
        """Return which pairs are one picture; set by what is done to copies and by the most alike other pictures.

        Where only one of the two has colours (P,), the other may be a drawing of the same outlines: no tone curve then.
        """
        kept = ~lost_colours | (self.plain >= 0.95)
        return kept & (self.whole >= 0.82) & (self.detail >= 0.86) & (self.worst <= 0.7)


def oriented(grey: Floats) -> Floats:
    """Return the eight orientations of pictures (..., S, S): (..., 8, S, S), the first as it is."""
    turned = [np.rot90(grey, turns, axes=(-2, -1)) for turns in range(4)]
    return np.stack([*turned, *(turn[..., ::-1] for turn in turned)], axis=-3)


def directions(pictures: Floats) -> Floats:
    """Return pictures (..., S, S) as unit vectors (..., S * S) without their mean; a plain one gives zeros."""
    flat = pictures.reshape(*pictures.shape[:-2], pictures.shape[-2] * pictures.shape[-1]).astype(np.float32)
    flat = flat - flat.mean(-1, keepdims=True)
    norms = np.linalg.norm(flat, axis=-1, keepdims=True)
    result: Floats = np.divide(flat, norms, out=np.zeros_like(flat), where=norms > flat.shape[-1] ** 0.5)
    return result


def coarse(grey: Floats) -> Floats:
    """Return the means of cells: (..., COARSE, COARSE)."""
    cell = SIDE // COARSE
    result: Floats = grey.reshape(*grey.shape[:-2], COARSE, cell, COARSE, cell).mean((-3, -1))
    return result


def windows(grey: Floats) -> Floats:
    """Return unit vectors of all windows of a picture (S, S): (W, COARSE * COARSE), in the order of ``BOXES``."""
    parts = []
    for averages in _AVERAGES:
        rows = averages @ grey
        parts.append((rows[:, None] @ averages.transpose(0, 2, 1)[None]).reshape(-1, COARSE, COARSE))
    return directions(np.concatenate(parts))


def overlay(ones: Floats, others: Floats, boxes: Floats) -> Overlay:
    """Register pictures (P, S, S) as windows of others (P, S, S), beginning at boxes (P, 4): top, left, height, width.

    Boxes are shares of the side of ``others``, in which ``ones`` lie.
    """
    count = len(ones)
    result = _nothing(count, boxes.copy())
    for at in range(0, count, _TOGETHER):
        rows = np.arange(at, min(count, at + _TOGETHER))
        for blur, side, least in _STAGES:
            moving, wanted = _smooth(others[rows], blur), directions(_shrunk(_smooth(ones[rows], blur), side))
            result.boxes[rows], agreement = _registered(moving, wanted, result.boxes[rows], side)
            rows = rows[agreement >= least]
            if not len(rows):
                break
        seen = _sampled(others[rows], result.boxes[rows], _FINE)
        result.keep(rows, _judged(seen, _shrunk(ones[rows], _FINE)))
    return result


def same_frame(ones: Floats, others: Floats) -> Overlay:
    """Judge pictures (P, S, S) that cover each other as they are."""
    count = len(ones)
    result = _nothing(count, np.repeat(np.array([[0, 0, 1, 1]], np.float32), count, axis=0))
    for at in range(0, count, _TOGETHER):
        one, other = (_shrunk(pictures[at : at + _TOGETHER], _FINE) for pictures in (ones, others))
        alike = (directions(_fine(one)) * directions(_fine(other))).sum(1) >= _LIKELY
        result.keep(at + np.flatnonzero(alike), _judged(other[alike], one[alike]))
    return result


def _registered(moving: Floats, wanted: Floats, boxes: Floats, side: int) -> tuple[Floats, Floats]:
    """Improve boxes (P, 4) by Gauss-Newton steps; the second value is how well they agree, (P,)."""
    down, right = (np.gradient(moving, axis=axis) for axis in (-2, -1))
    for _ in range(_STEPS):
        boxes = _step(moving, down, right, wanted, boxes, side)
    return boxes, (directions(_sampled(moving, boxes, side)) * wanted).sum(1)


def _step(moving: Floats, down: Floats, right: Floats, wanted: Floats, boxes: Floats, side: int) -> Floats:
    """Return boxes after one step towards the wanted directions (P, side * side)."""
    seen = _sampled(moving, boxes, side).reshape(len(boxes), -1)
    seen = seen - seen.mean(1, keepdims=True)
    norms = np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1.0)
    seen = seen / norms
    places = (np.arange(side, dtype=np.float32) + 0.5) / side
    vertical, horizontal = _sampled(down, boxes, side) * SIDE, _sampled(right, boxes, side) * SIDE
    slopes = np.stack([vertical, horizontal, vertical * places[:, None], horizontal * places], axis=1)
    slopes = slopes.reshape(len(boxes), 4, -1) / norms[:, None]
    slopes -= slopes.mean(2, keepdims=True)
    slopes -= (slopes @ seen[..., None]) * seen[:, None]
    normal = slopes @ slopes.transpose(0, 2, 1)
    normal += np.eye(4, dtype=np.float32) * (1e-3 * np.trace(normal, axis1=1, axis2=2)[:, None, None] + 1e-6)
    moved = boxes + np.clip(np.linalg.solve(normal, slopes @ (wanted - seen)[..., None])[..., 0], -0.05, 0.05)
    moved[:, 2:] = np.clip(moved[:, 2:], _SMALLEST, 1)
    moved[:, :2] = np.clip(moved[:, :2], 0, 1 - moved[:, 2:])
    result: Floats = moved
    return result


def _sampled(pictures: Floats, boxes: Floats, side: int) -> Floats:
    """Sample boxes of pictures (P, S, S) at side x side places: (P, side, side)."""
    places = (np.arange(side, dtype=np.float32) + 0.5) / side
    rows = _linear(boxes[:, :1] + places * boxes[:, 2:3])
    columns = _linear(boxes[:, 1:2] + places * boxes[:, 3:4])
    return rows @ pictures @ columns.transpose(0, 2, 1)


def _linear(places: Floats) -> Floats:
    """Return the weights (P, n, S) that interpolate at places (P, n), shares of the side."""
    at = np.clip(places * SIDE - 0.5, 0, SIDE - 1)
    result: Floats = np.clip(1 - np.abs(at[..., None] - np.arange(SIDE, dtype=np.float32)), 0, 1)
    return result


def _shrunk(pictures: Floats, side: int) -> Floats:
    whole = np.array([[0, 0, 1, 1]], np.float32)
    return _sampled(pictures, np.repeat(whole, len(pictures), axis=0), side)


def _smooth(pictures: Floats, times: int) -> Floats:
    """Blur pictures (P, S, S) by a small binomial kernel, this often."""
    for _ in range(times):
        for axis in (-2, -1):
            width = [(0, 0)] * (pictures.ndim - 2) + [(1, 1) if axis == one else (0, 0) for one in (-2, -1)]
            wide = np.pad(pictures, width, mode="edge")
            before, here, after = (np.take(wide, range(at, at + SIDE), axis=axis) for at in range(3))
            pictures = (before + 2 * here + after) / 4
    return pictures


def _nothing(count: int, boxes: Floats) -> Overlay:
    """Return what holds before anything was judged: no agreement."""
    none = [np.zeros(count, np.float32) for _ in range(3)]
    return Overlay(none[0], none[1], np.full(count, np.inf, np.float32), none[2], boxes)


def _judged(seen: Floats, wanted: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Compare (P, n, n) with (P, n, n) after the tone curve that fits best: whole, detail, worst, plain, each (P,)."""
    count, side = len(seen), seen.shape[-1]
    pairs = zip(seen.reshape(count, side * side), wanted.reshape(count, side * side), strict=True)
    toned = np.array([_toned(one, other) for one, other in pairs], np.float32).reshape(seen.shape)
    squares = (wanted - toned) ** 2
    spread = np.maximum(wanted.std((1, 2)), 2.0)
    whole = 1 - squares.mean((1, 2)) / spread**2
    grid = (count, side // _BLOCK, _BLOCK, side // _BLOCK, _BLOCK)
    own = wanted.reshape(grid).std((2, 4)) + 0.25 * spread[:, None, None]
    worst = (np.sqrt(squares.reshape(grid).mean((2, 4))) / own).max((1, 2))
    detail = (directions(_fine(toned)) * directions(_fine(wanted))).sum(1)
    return whole, detail, worst, (directions(seen) * directions(wanted)).sum(1)


def _toned(seen: Floats, wanted: Floats) -> Floats:
    """Return what one tone curve, the mean of ``wanted`` where ``seen`` has like values, makes of ``seen`` (n,)."""
    edges = np.unique(np.quantile(seen, np.linspace(0, 1, _TONES + 1)))
    if len(edges) < 3:
        result: Floats = seen + (wanted.mean() - seen.mean())
        return result
    place = np.clip(np.searchsorted(edges, seen, "right") - 1, 0, len(edges) - 2)
    counts = np.maximum(np.bincount(place, minlength=len(edges) - 1), 1)
    tones, values = (np.bincount(place, one, len(edges) - 1) / counts for one in (wanted, seen))
    held = np.bincount(place, minlength=len(edges) - 1) > 0
    return np.interp(seen, values[held], np.maximum.accumulate(tones[held])).astype(np.float32)


def _fine(pictures: Floats) -> Floats:
    """Take the mean of each cell away."""
    cells = pictures.shape[-1] // _CELL
    grid = pictures.reshape(len(pictures), cells, _CELL, cells, _CELL)
    result: Floats = (grid - grid.mean((2, 4), keepdims=True)).reshape(pictures.shape)
    return result


def _offsets(size: float) -> list[float]:
    return [float(at) for at in np.linspace(0, 1 - size, round((1 - size) / _STRIDE) + 1)]


def _averages(size: float) -> Floats:
    """Return the matrices (n, COARSE, S) that take the means of cells of windows of one size at every offset."""
    edges = np.array(_offsets(size))[:, None] + np.linspace(0, size, COARSE + 1)
    low, high, pixel = edges[:, :-1, None] * SIDE, edges[:, 1:, None] * SIDE, np.arange(SIDE)
    covered = np.clip(np.minimum(high, pixel + 1) - np.maximum(low, pixel), 0, None)
    result: Floats = (covered / (high - low)).astype(np.float32)
    return result


_AVERAGES = [_averages(size) for size in _SIZES]
BOXES: Floats = np.array(
    [(top, left, size, size) for size in _SIZES for top in _offsets(size) for left in _offsets(size)], np.float32
)
"""The windows of the coarse search: top, left, height and width as shares of the side."""
