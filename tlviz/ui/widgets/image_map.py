"""Images as small pictures on two axes, framed in their classes' colours; larger on hover, a click names one."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from tlviz.data.images import ImageSet
from tlviz.figures.theme import class_colours

_STATIC = Path(__file__).parent / "static"
SPRITE_SIDE, SPRITE_COLUMNS = 48, 32

_component = st.components.v2.component(
    "tlviz_image_map",
    html='<div class="map"></div>',
    css=(_STATIC / "image_map.css").read_text(encoding="utf-8"),
    js=(_STATIC / "image_map.js").read_text(encoding="utf-8"),
)


def render_image_map(
    images: ImageSet,
    chosen: Sequence[int] | NDArray[np.int64],
    places: NDArray[np.float64],
    *,
    key: str,
    on_pick: Callable[[str], None] | None = None,
) -> None:
    """Draw the chosen images (n,) at places (n, 2), each from -1 to 1; a click calls ``on_pick`` with the name."""

    def take() -> None:
        picked = st.session_state[key].get("picked")
        if on_pick and picked:
            on_pick(picked)

    data = map_data(images, chosen, places) | {"clickable": on_pick is not None}
    _component(key=key, data=data, on_picked_change=take)


def map_data(
    images: ImageSet, chosen: Sequence[int] | NDArray[np.int64], places: NDArray[np.float64]
) -> dict[str, Any]:
    """Return what the browser draws: places, labels, names, colours, and all pictures as one small sheet."""
    rows = [int(at) for at in chosen]
    return {
        "places": np.round(places, 3).tolist(),
        "labels": images.labels[rows].tolist(),
        "names": [images.names[at] for at in rows],
        "classes": list(images.classes),
        "colours": class_colours(len(images.classes)),
        "sheet": _sheet(images, rows),
        "side": SPRITE_SIDE,
        "columns": SPRITE_COLUMNS,
    }


def _sheet(images: ImageSet, chosen: Sequence[int]) -> str:
    rows = -(-len(chosen) // SPRITE_COLUMNS)
    sheet = Image.new("RGB", (SPRITE_COLUMNS * SPRITE_SIDE, max(1, rows) * SPRITE_SIDE))
    for place, at in enumerate(chosen):
        small = Image.fromarray(np.ascontiguousarray(images.pixels[at])).resize((SPRITE_SIDE, SPRITE_SIDE))
        sheet.paste(small, (place % SPRITE_COLUMNS * SPRITE_SIDE, place // SPRITE_COLUMNS * SPRITE_SIDE))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=75)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
