"""Feature maps as one small image: a sprite of tiles, which a browser scales without smoothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale

from tlviz.data.pixels.pictures import Pixels

Maps = NDArray[np.float32]
Limits = tuple[Maps, Maps]
"""The lowest and the highest value of each channel's colour scale, (C,) each."""

_RAMP = "Viridis"
_TWO_SIDED = "RdBu_r"
_LEAST_TILE = 56


def paint(maps: Maps, limits: Limits | None = None, ramp: str = _RAMP) -> Pixels:
    """Colour feature maps (C, H, W), each from its own lowest to its highest value: uint8 (C, H, W, 3).

    ``limits`` fixes the two ends instead.  A constant channel gets the lowest colour throughout.
    """
    low, high = limits or colour_limits([maps])
    spread = np.where(high > low, high - low, 1.0)
    level = (maps - low[:, None, None]) / spread[:, None, None]
    colours: Pixels = _table(ramp)[np.clip(np.nan_to_num(level) * 255, 0, 255).astype(np.uint8)]
    return colours


def paint_difference(maps: Maps, most: Maps) -> Pixels:
    """Colour differences (C, H, W) from blue (less) through white (the same) to red (more): uint8 (C, H, W, 3).

    ``most`` (C,) is the difference that gets the full colour; zero is white whatever it is.
    """
    level = maps / np.where(most > 0, most, 1.0)[:, None, None]
    colours: Pixels = _table(_TWO_SIDED)[np.round(np.clip(np.nan_to_num(level), -1, 1) * 127 + 127).astype(np.uint8)]
    return colours


def colour_limits(groups: Sequence[Maps], *, shared: bool = False) -> Limits:
    """Return the ends of the colour scale for the same channels (C, H, W) of one or several networks or pictures.

    Each channel has a scale of its own, the same in all groups; with ``shared`` all channels have one.
    """
    low = np.min([maps.reshape(len(maps), -1).min(1) for maps in groups], axis=0)
    high = np.max([maps.reshape(len(maps), -1).max(1) for maps in groups], axis=0)
    if shared and len(low):
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    return low, high


def resample(maps: Maps, side: int) -> Maps:
    """Bring maps (C, H, W), or painted ones (C, H, W, 3), to ``side`` rows and columns without smoothing."""
    rows, columns = ((np.arange(side) + 0.5) * size / side for size in maps.shape[1:3])
    return maps[:, rows.astype(np.int64)][:, :, columns.astype(np.int64)]


def overlay(pixels: Pixels, painted: Pixels, strength: float, side: int) -> Pixels:
    """Lay painted maps (C, h, w, 3) over the picture (H, W, 3), which shows through in grey: (C, side, side, 3)."""
    small = Image.fromarray(pixels).convert("L").resize((side, side), Image.Resampling.BILINEAR)
    grey = np.asarray(small, np.float32)[None, :, :, None]
    mixed = grey * (1 - strength) + resample(painted.astype(np.float32), side) * strength
    return np.round(mixed).astype(np.uint8)


def tile(images: Pixels, columns: int) -> Pixels:
    """Lay images (N, H, W, 3) out in rows of ``columns`` with transparent gaps: uint8 RGBA (h, w, 4).

    Small images are enlarged by a whole factor first, so that gaps look alike whatever a stage's resolution.
    """
    factor = max(1, _LEAST_TILE // images.shape[1])
    images = images.repeat(factor, axis=1).repeat(factor, axis=2)
    count, height, width, _ = images.shape
    gap = max(1, round(0.03 * width))
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    for at, image in enumerate(images):
        top, left = (at // columns) * (height + gap), (at % columns) * (width + gap)
        sheet[top : top + height, left : left + width, :3] = image
        sheet[top : top + height, left : left + width, 3] = 255
    return sheet


def to_png(pixels: Pixels) -> bytes:
    """Encode uint8 pixels (H, W, 3 or 4) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def from_png(png: bytes) -> Pixels:
    """Return the pixels of a PNG, uint8 (h, w, 3)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def ramp_css(ramp: str = _RAMP, *, two_sided: bool = False) -> str:
    """Return the colour scale of the maps, or of differences, as a CSS gradient from left to right."""
    table = _table(_TWO_SIDED if two_sided else ramp)
    stops = (table[at] for at in range(0, 256, 15))
    return f"linear-gradient(to right, {', '.join(f'rgb({r} {g} {b})' for r, g, b in stops)})"


@cache
def _table(ramp: str) -> Pixels:
    """Return 256 colours; of a two-sided scale the middle one, at 127, is exactly white-grey."""
    middle = 254 if ramp == _TWO_SIDED else 255
    levels = [min(1.0, level / middle) for level in range(256)]
    colours = sample_colorscale(get_colorscale(ramp), levels, colortype="tuple")
    return np.round(np.asarray(colours) * 255).astype(np.uint8)
