"""A receptive field drawn on the picture: a box around all that is seen, bright where it matters most."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.maps.receptive_field import Field
from tlviz.figures.sprites import paint

_OUTSIDE = 0.35
"""The share of the picture's brightness that remains where nothing reaches the position."""
_MARK = (255, 45, 149)


def draw_field(pixels: Pixels, field: Field, enlarge: int = 2) -> Pixels:
    """Draw a field on the picture (S, S, 3): grey and faded outside the box, the gradient's strength in colour inside.

    The strength is drawn by its square root, because it falls off like a bell: uint8 (enlarge * S, enlarge * S, 3).
    """
    grey = pixels.mean(2, keepdims=True).repeat(3, axis=2)
    strength = np.sqrt(field.heat)
    colours = paint(strength[None], ramp="Inferno")[0]
    weight = 0.85 * strength[:, :, None]
    drawn = grey * (1 - weight) + colours * weight
    faded = drawn * _OUTSIDE + 128 * (1 - _OUTSIDE)
    if field.box is not None:
        rows, columns = slice(field.box.top, field.box.bottom), slice(field.box.left, field.box.right)
        faded[rows, columns] = drawn[rows, columns]
    image = Image.fromarray(np.round(faded).astype(np.uint8))
    image = image.resize((image.width * enlarge, image.height * enlarge), Image.Resampling.NEAREST)
    if field.box is not None:
        box = field.box
        corners = (box.left, box.top, box.right, box.bottom)
        left, top, right, bottom = (enlarge * corner for corner in corners)
        ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), outline=_MARK, width=enlarge)
    return np.asarray(image)
