"""What if the picture were another: moved, blurred, recoloured or partly covered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from tlviz.data.pixels.pictures import Pixels

_WHITE, _GREY = 255, 127
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a picture; the default changes nothing.

    ``right`` and ``down`` move it, in percent of its side, and white follows; ``blur`` is a Gaussian's deviation in
    pixels; ``grey`` takes colour away, in percent; ``hue`` turns the colours, in degrees; ``cover`` is the side of a
    grey square in percent of the picture's, whose middle is at ``cover_x`` and ``cover_y``, in percent from the
    upper left.
    """

    right: int = 0
    down: int = 0
    blur: float = 0.0
    grey: int = 0
    hue: int = 0
    cover: int = 0
    cover_x: int = 50
    cover_y: int = 50


def edit_picture(pixels: Pixels, edit: Edit) -> Pixels:
    """Return a changed copy of a picture, uint8 (H, W, 3): recoloured, blurred, moved, covered, in this order."""
    changed = pixels.copy()
    if edit.hue % 360:
        changed = _turn_hue(changed, edit.hue)
    if edit.grey:
        luma = (changed @ _LUMA)[:, :, None]
        changed = np.round(changed + (luma - changed) * (edit.grey / 100)).astype(np.uint8)
    if edit.blur:
        changed = np.asarray(Image.fromarray(changed).filter(ImageFilter.GaussianBlur(edit.blur))).copy()
    if edit.right or edit.down:
        changed = _move(changed, round(edit.right / 100 * changed.shape[1]), round(edit.down / 100 * changed.shape[0]))
    if edit.cover:
        _cover(changed, edit)
    return changed


def _turn_hue(pixels: Pixels, degrees: int) -> Pixels:
    hsv = np.asarray(Image.fromarray(pixels).convert("HSV")).copy()
    hsv[:, :, 0] = (hsv[:, :, 0].astype(np.int64) + round(degrees / 360 * 256)) % 256
    return np.asarray(Image.fromarray(hsv, mode="HSV").convert("RGB")).copy()


def _move(pixels: Pixels, right: int, down: int) -> Pixels:
    height, width = pixels.shape[:2]
    moved = np.full_like(pixels, _WHITE)
    rows, columns = max(0, height - abs(down)), max(0, width - abs(right))
    top, left = max(0, -down), max(0, -right)
    kept = pixels[top : top + rows, left : left + columns]
    moved[max(0, down) : max(0, down) + rows, max(0, right) : max(0, right) + columns] = kept
    return moved


def _cover(pixels: Pixels, edit: Edit) -> None:
    height, width = pixels.shape[:2]
    tall, wide = round(edit.cover / 100 * height), round(edit.cover / 100 * width)
    top, left = round(edit.cover_y / 100 * height - tall / 2), round(edit.cover_x / 100 * width - wide / 2)
    pixels[max(0, top) : max(0, top + tall), max(0, left) : max(0, left + wide)] = _GREY
