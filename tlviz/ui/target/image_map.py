"""The map of a target's images in the network's feature space: small pictures, larger on hover, a click opens one."""

from __future__ import annotations

import numpy as np
import streamlit as st

from tlviz.data.images import ImageSet
from tlviz.figures.map_words import map_in_words
from tlviz.models.catalogue import find_model
from tlviz.ui.address import go_to
from tlviz.ui.cached import targets
from tlviz.ui.messages import plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.image_map import render_image_map

PICKED = "map_picked"


def render_map(images: ImageSet, model: str) -> None:
    """Draw the map beside the picture that was clicked."""
    found = targets.projected(images.name, model, targets.version_of(images), images)
    left, right = st.columns([2.4, 1], gap="medium")
    with left:
        render_image_map(images, found.chosen, found.places, key="image_map", on_pick=_take)
        words = map_in_words(found.places, images.labels[found.chosen], images.classes, found.explained)
        st.caption(
            f"**{plain(words)}** Placed by features of {find_model(model).title}: the first two principal components "
            "of its last stage. Near means similar; one among another class may have a wrong label."
        )
    with right:
        _picked(images)


def _take(name: str) -> None:
    st.session_state[PICKED] = name


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
