"""Attribution maps as pictures: their colours, clipped and laid over the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlviz.data.pixels.pictures import Pixels
from tlviz.figures.sprites import paint, paint_difference

Map = NDArray[np.float32]
HEAT = "Inferno"


def full_colour(maps: Sequence[Map], percentile: float) -> float:
    """Return the absolute value that gets the full colour: the percentile (0 to 100) of all values that are not zero.

    Zeros are left out, because a map that is zero over most of the picture would otherwise have no colours; 0 where
    nothing but zeros is there.
    """
    values = np.concatenate([np.abs(values).ravel() for values in maps])
    values = values[values > 0]
    return float(np.percentile(values, percentile)) if len(values) else 0.0


def draw_attribution(pixels: Pixels, values: Map, most: float, *, is_signed: bool, strength: float) -> Pixels:
    """Lay a map (S, S) over the picture (S, S, 3) in grey; with a strength of 1 the map stands alone.

    Signed: blue against, white nothing, red for.  Otherwise absolute values from black over red to yellow.
    """
    if is_signed:
        painted = paint_difference(values[None], np.array([most], np.float32))[0]
    else:
        ends = (np.zeros(1, np.float32), np.array([most], np.float32))
        painted = paint(np.abs(values)[None], ends, ramp=HEAT)[0]
    grey = _grey(pixels, values.shape[1], values.shape[0])
    mixed: Pixels = np.round(grey * (1 - strength) + painted * strength).astype(np.uint8)
    return mixed


def _grey(pixels: Pixels, width: int, height: int) -> NDArray[np.float32]:
    image = Image.fromarray(pixels).convert("L")
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)[:, :, None]
