"""Feature maps as one small image: a sprite of tiles, which a browser scales without smoothing."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale

from tlviz.data.pictures import Pixels

_RAMP = "Viridis"
_LEAST_TILE = 56


def paint(maps: NDArray[np.float32]) -> Pixels:
    """Colour feature maps (C, H, W), each from its own lowest to its highest value: uint8 (C, H, W, 3).

    A constant channel gets the lowest colour throughout.
    """
    flat = maps.reshape(len(maps), -1)
    low, high = flat.min(1), flat.max(1)
    spread = np.where(high > low, high - low, 1.0)
    level = (maps - low[:, None, None]) / spread[:, None, None]
    colours: Pixels = _table()[np.clip(np.nan_to_num(level) * 255, 0, 255).astype(np.uint8)]
    return colours


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


@cache
def _table() -> Pixels:
    colours = sample_colorscale(get_colorscale(_RAMP), [level / 255 for level in range(256)], colortype="tuple")
    return np.round(np.asarray(colours) * 255).astype(np.uint8)
