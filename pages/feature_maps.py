"""Feature maps: what does each stage see?"""

import streamlit as st

from tlviz.explore.looked import note_look
from tlviz.medium import Medium
from tlviz.models.local_weights import available_models
from tlviz.ui.cached import looks, networks, targets
from tlviz.ui.feature_maps.choice import ALL, View, render_choice
from tlviz.ui.feature_maps.code import maps_code
from tlviz.ui.feature_maps.one_channel import render_field, render_one
from tlviz.ui.feature_maps.texts import render_text_look
from tlviz.ui.feature_maps.views import MapView, render_change, render_channels, render_runs, render_two
from tlviz.ui.frame import guarded, page_title, source, target
from tlviz.ui.pick_picture import pick_picture, picture_name
from tlviz.ui.state import Key
from tlviz.ui.widgets.linked import linked_choice
from tlviz.ui.widgets.memory import give_back_memory
from tlviz.ui.widgets.panels import render_guesses
from tlviz.ui.widgets.show_code import render_code
from tlviz.ui.widgets.stage_strip import render_stage_strip

PANELS = {
    View.CHANNELS: render_channels,
    View.ONE: render_one,
    View.TWO: render_two,
    View.CHANGE: render_change,
    View.FIELD: render_field,
    View.RUNS: render_runs,
}


def page() -> None:
    page_title("Feature maps")
    if available_models()[source()].medium is Medium.TEXTS:
        render_text_look(source(), target())
        return
    with st.container():  # progress comes and goes here without moving what follows
        stages = networks.network(source()).stages
        images = targets.images(target(), source())
    note_look(source(), target())
    strip = st.container()
    view = linked_choice("View", list(View), View.CHANNELS, key=Key.LOOK, hide_label=True)
    left, right = st.columns([1, 3.4], gap="medium")
    with left:
        pixels = pick_picture(images, source())
        activations = looks.seen(source(), "", pixels)
        st.image(pixels, width="stretch", alt="The picture as the network sees it")
        if activations.guesses:
            st.markdown("**Five best guesses**")
            render_guesses(activations.guesses)
        else:
            st.caption("Pretrained without class names, so there are no guesses.")
        st.file_uploader("Or a picture of your own", key=Key.UPLOAD)
    with right:
        choice, room = render_choice(source(), stages[:-1], View(view))
        scene = MapView(choice, pixels, picture_name(Key.PICTURE, Key.UPLOAD), images, room)
        PANELS[View(view)](scene)
    with strip:
        render_stage_strip(stages, key="look_strip", selected=st.session_state[Key.STAGE], on_select=_select)
    render_code(maps_code(scene, View(view), target()))
    st.query_params[Key.PICTURE] = st.session_state[Key.PICTURE]
    give_back_memory()


def _select(stage: str) -> None:
    """Choose the clicked stage; a second click on it, or one on the head, goes back to all."""
    is_backbone = stage in {s.name for s in networks.network(source()).stages[:-1]}
    st.session_state[Key.STAGE] = stage if is_backbone and stage != st.session_state[Key.STAGE] else ALL


guarded(page)
