"""From the values of a deep picture to 8 bits: one range for all, nothing where there is no data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlviz.data.pixels.depth import Depth

Values = NDArray[Any]
Mask = NDArray[np.bool_]

_CHUNK = 2**20
"""Pixels scaled at a time: no copy of a large picture is ever as wide as a float."""
BEYOND = 1e30
"""No measured value is so far from zero; formats that know no missing values write -3.4e38 instead."""
SENTINELS = (-9999.0, -99999.0, -999999.0, -32768.0, -32767.0, -2147483648.0, -1e20, -999.0)
"""What programs write where they know nothing, if nothing near it occurs."""
_MOST_MEASURED = 2**24
"""Of more values, an evenly spaced part is asked for the range."""
_TAIL = 1e-4
"""This share of a picture's values at each end is not asked for the range: hot pixels, dead pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Deep:
    """A deep picture as its file holds it.

    ``values`` (H, W) or (H, W, 3) are numbers of any kind; ``full`` is the range of their format, None for floats and
    whole numbers of over 16 bits.  ``alpha`` (H, W) is how opaque it is; ``no_data`` the value that its file calls so.
    ``is_inverted`` says that its lowest value is white.  ``bands`` counts those of the file.
    """

    values: Values
    full: tuple[float, float] | None
    alpha: NDArray[np.uint8] | None = None
    no_data: float | None = None
    is_inverted: bool = False
    bands: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """The lowest and highest value of a picture without its extreme ten-thousandths; ``kind`` is u, i or f (NumPy's).

    ``sentinel`` is a value taken for no data.  ``low`` is infinite where nothing was measured.
    """

    low: float
    high: float
    kind: str
    sentinel: float | None = None


def to_bytes(deep: Deep, depth: Depth) -> Image.Image:
    """Map the values of a picture to 8 bits, L or RGB; what is missing becomes white."""
    is_small = deep.values.dtype == np.uint8
    span = deep.full if is_small else depth.value_range or deep.full
    if span is None:
        sentinel = None if depth.no_data is not None else _sentinel(_known(deep.values.reshape(-1), deep, depth))
        depth = replace(depth, no_data=sentinel) if sentinel is not None else depth
    low, high = span or _own_range(deep, depth)
    height, width = deep.values.shape[:2]
    out = np.empty(deep.values.shape, np.uint8)
    rows = max(1, _CHUNK // max(1, width))
    table = _table(deep.values.dtype, low, high, deep.is_inverted)
    for at in range(0, height, rows):
        chunk = deep.values[at : at + rows]
        if table is not None:
            scaled = table[chunk]
        else:
            wide = chunk.astype(np.float64)
            np.nan_to_num(wide, copy=False, nan=low, posinf=high, neginf=low)
            scaled = _scaled(wide, low, high, deep.is_inverted)
        missing = _missing(chunk, deep, depth)
        if missing is not None:
            scaled[missing] = 255
        out[at : at + rows] = scaled
    image = Image.fromarray(out)
    if deep.alpha is None:
        return image
    return Image.composite(image, Image.new(image.mode, image.size, "white"), Image.fromarray(deep.alpha))


def measure(deep: Deep, depth: Depth) -> Span:
    """Find the range of a picture's values, those that mean no data left aside."""
    kind = deep.values.dtype.kind
    values = deep.values.reshape(-1) if deep.alpha is None else deep.values[deep.alpha > 0].reshape(-1)
    values = values[:: max(1, values.size // _MOST_MEASURED)]
    if deep.values.dtype == np.uint16:
        counts = np.bincount(values, minlength=65536)
        for nothing in (deep.no_data, depth.no_data):
            if nothing is not None and nothing in range(65536):
                counts[int(nothing)] = 0
        full = None
        if counts[65535] > int(counts.sum() * _TAIL) and not counts[32768:65535].any() and counts[:32768].any():
            counts[65535], full = 0, 65535.0  # as in ``_sentinel``
        seen = np.cumsum(counts)
        if not seen[-1]:
            return Span(np.inf, -np.inf, kind)
        cut = int(seen[-1] * _TAIL)
        low, high = np.searchsorted(seen, cut, "right"), np.searchsorted(seen, seen[-1] - cut)
        return Span(float(low), float(high), kind, full)
    values = _known(values, deep, depth)
    sentinel = _sentinel(values)
    if sentinel is not None:
        values = values[values != sentinel]
    if not values.size:
        return Span(np.inf, -np.inf, kind, sentinel)
    cut = int(values.size * _TAIL)
    if cut:
        values = np.partition(values, (cut, values.size - 1 - cut))[cut : values.size - cut]
    return Span(float(values.min()), float(values.max()), kind, sentinel)


def _own_range(deep: Deep, depth: Depth) -> tuple[float, float]:
    """Return the lowest and the highest value of a picture that are data."""
    flat = deep.values.reshape(-1)
    parts = [_known(flat[at : at + _CHUNK], deep, depth) for at in range(0, flat.size, _CHUNK)]
    ends = [(float(part.min()), float(part.max())) for part in parts if part.size]
    low, high = min((low for low, _ in ends), default=0.0), max((high for _, high in ends), default=1.0)
    return (low, high) if high > low else (low, low + max(1.0, abs(low) * 1e-6))


def _known(values: Values, deep: Deep, depth: Depth) -> Values:
    """Return the values (n,) that are data."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values) & (np.abs(values) < BEYOND)]
    for nothing in (deep.no_data, depth.no_data):
        if nothing is not None:
            values = values[values != _of_kind(nothing, values.dtype)]
    return values


def _sentinel(values: Values) -> float | None:
    """Return a value that stands for no data: the lowest, far below all others, or a format's highest, far above them.

    That one would be white in any case.
    """
    if not values.size:
        return None
    if values.dtype.kind == "u":
        if values.dtype.itemsize == 1:
            return None
        most = np.iinfo(values.dtype).max
        others = values[values != most]
        return float(most) if 0 < others.size < values.size and others.max() <= most // 2 else None
    lowest = float(values.min())
    known = next((one for one in SENTINELS if lowest == float(_of_kind(one, values.dtype))), None)
    if known is None:
        return None
    rest = values[values > lowest]
    if not rest.size:
        return known
    nearest, highest = float(rest.min()), float(rest.max())
    is_apart = nearest - lowest > max((highest - nearest) / 20, 10.0)
    return known if is_apart else None


def _missing(chunk: Values, deep: Deep, depth: Depth) -> Mask | None:
    """Return where every band of a pixel is no data, None where that cannot be."""
    gone: Mask | None = None
    if chunk.dtype.kind == "f":
        gone = ~np.isfinite(chunk) | (np.abs(chunk) >= BEYOND)
    for nothing in (deep.no_data, depth.no_data):
        if nothing is not None:
            here = chunk == _of_kind(nothing, chunk.dtype)
            gone = here if gone is None else gone | here
    if gone is None or gone.ndim < 3:
        return gone
    every: Mask = np.asarray(gone.all(axis=-1))
    return every


def _of_kind(value: float, dtype: np.dtype[Any]) -> Any:
    """Return a number as an array of that type would hold it: -3.4e38 is another one in 32 bits."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return dtype.type(value)
    return value


def _table(dtype: np.dtype[Any], low: float, high: float, is_inverted: bool) -> NDArray[np.uint8] | None:
    """Return what each value of a small type becomes; looking up is ten times as fast as computing."""
    if dtype not in (np.uint8, np.uint16):
        return None
    return _scaled(np.arange(np.iinfo(dtype).max + 1, dtype=np.float64), low, high, is_inverted)


def _scaled(wide: NDArray[np.float64], low: float, high: float, is_inverted: bool) -> NDArray[np.uint8]:
    np.clip(wide, low, high, out=wide)
    wide -= low
    wide *= 255
    wide /= high - low
    np.rint(wide, out=wide)
    scaled = wide.astype(np.uint8)
    return 255 - scaled if is_inverted else scaled
