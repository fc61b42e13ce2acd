"""The map of a target's images in the network's feature space: small pictures, larger on hover, a click opens one."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from tlviz.data.images import ImageSet
from tlviz.figures.map_words import map_in_words
from tlviz.figures.theme import class_colours
from tlviz.models.catalogue import find_model
from tlviz.ui.address import go_to
from tlviz.ui.cached import targets
from tlviz.ui.messages import plain
from tlviz.ui.state import Key

if TYPE_CHECKING:
    from tlviz.diagnose.image_map import ImageMap

_STATIC = Path(__file__).parents[1] / "widgets" / "static"
SPRITE_SIDE, SPRITE_COLUMNS = 48, 32
PICKED = "map_picked"

_component = st.components.v2.component(
    "tlviz_image_map",
    html='<div class="map"></div>',
    css=(_STATIC / "image_map.css").read_text(encoding="utf-8"),
    js=(_STATIC / "image_map.js").read_text(encoding="utf-8"),
)


def render_map(images: ImageSet, model: str) -> None:
    """Draw the map beside the picture that was clicked."""
    found = targets.projected(images.name, model, targets.version_of(images), images)
    left, right = st.columns([2.4, 1], gap="medium")
    with left:
        _component(key="image_map", data=map_data(images, found), on_picked_change=_take)
        words = map_in_words(found.places, images.labels[found.chosen], images.classes, found.explained)
        st.caption(
            f"**{plain(words)}** Placed by features of {find_model(model).title}: the first two principal components "
            "of its last stage. Near means similar; one among another class may have a wrong label."
        )
    with right:
        _picked(images)


def map_data(images: ImageSet, found: ImageMap) -> dict[str, Any]:
    """Return what the browser draws: places, labels, names, colours, and all pictures as one small sheet."""
    return {
        "places": np.round(found.places, 3).tolist(),
        "labels": images.labels[found.chosen].tolist(),
        "names": [images.names[at] for at in found.chosen],
        "classes": list(images.classes),
        "colours": class_colours(len(images.classes)),
        "sheet": _sheet(images, found),
        "side": SPRITE_SIDE,
        "columns": SPRITE_COLUMNS,
    }


def _sheet(images: ImageSet, found: ImageMap) -> str:
    rows = -(-len(found.chosen) // SPRITE_COLUMNS)
    sheet = Image.new("RGB", (SPRITE_COLUMNS * SPRITE_SIDE, rows * SPRITE_SIDE))
    for place, at in enumerate(found.chosen):
        small = Image.fromarray(np.ascontiguousarray(images.pixels[int(at)])).resize((SPRITE_SIDE, SPRITE_SIDE))
        sheet.paste(small, (place % SPRITE_COLUMNS * SPRITE_SIDE, place // SPRITE_COLUMNS * SPRITE_SIDE))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=75)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _take() -> None:
    picked = st.session_state["image_map"].get("picked")
    if picked:
        st.session_state[PICKED] = picked


def _picked(images: ImageSet) -> None:
    name = st.session_state.get(PICKED)
    if name not in images.names:
        st.info("Click a picture to see it large.", icon=":material/touch_app:")
        return
    at = images.names.index(name)
    st.image(np.ascontiguousarray(images.pixels[at]), width="stretch", alt=f"The picture {name}")
    st.markdown(f"**{plain(images.classes[images.labels[at]])}** · {plain(name)}")
    if st.button("What does each stage see in it?", icon=":material/visibility:", key="map_look"):
        st.session_state[Key.PICTURE] = name
        go_to("pages/feature_maps.py")
