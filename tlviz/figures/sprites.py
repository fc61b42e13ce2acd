"""Feature maps as one small image: a sprite of tiles, which a browser scales without smoothing."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale

from tlviz.data.pictures import Pixels

_RAMP = "Viridis"
_GAP = 1


def paint(maps: NDArray[np.float32]) -> Pixels:
    """Colour feature maps (C, H, W), each from its own lowest to its highest value: uint8 (C, H, W, 3).

    A constant channel gets the lowest colour throughout.
    """
    flat = maps.reshape(len(maps), -1)
    low, high = flat.min(1), flat.max(1)
    spread = np.where(high > low, high - low, 1.0)
    level = (maps - low[:, None, None]) / spread[:, None, None]
    return _table()[np.clip(np.nan_to_num(level) * 255, 0, 255).astype(np.uint8)]


def tile(images: Pixels, columns: int) -> Pixels:
    """Lay images (N, H, W, 3) out in rows of ``columns`` with a white gap of one pixel: uint8 (h, w, 3)."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for at, image in enumerate(images):
        top, left = (at // columns) * (height + _GAP), (at % columns) * (width + _GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


def to_png(pixels: Pixels) -> bytes:
    """Encode uint8 pixels (H, W, 3) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _table() -> Pixels:
    colours = sample_colorscale(get_colorscale(_RAMP), [level / 255 for level in range(256)], colortype="tuple")
    return np.round(np.asarray(colours) * 255).astype(np.uint8)
