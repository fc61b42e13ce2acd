"""Channels: what is this channel for?"""

import streamlit as st

from tlviz.api.snippets import channel_code
from tlviz.explore.looked import note_look
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached import channels as cached_channels
from tlviz.ui.cached import networks, targets
from tlviz.ui.channels.atlas import render_atlas
from tlviz.ui.channels.before_after import render_after
from tlviz.ui.channels.panel import render_channel
from tlviz.ui.channels.view import ChannelsView
from tlviz.ui.frame import guarded, page_title, source, target
from tlviz.ui.state import Key
from tlviz.ui.widgets.rows import words_and_buttons
from tlviz.ui.widgets.show_code import render_code
from tlviz.ui.widgets.stage_strip import render_stage_strip

CHANNEL, ATLAS = "One channel", "Atlas"


def page() -> None:
    title, views = words_and_buttons()
    page_title("Channels", title)
    with st.container():  # progress comes and goes here without moving what follows
        stages = networks.network(source()).stages
        images = cached_channels.sample(targets.images(target(), source()))
    note_look(source(), target())
    version = targets.version_of(images)
    from_address(Key.CHANNEL_VIEW, (CHANNEL, ATLAS), CHANNEL)
    views.segmented_control(
        "View", (CHANNEL, ATLAS), key=Key.CHANNEL_VIEW, required=True, persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    if st.session_state[Key.CHANNEL_VIEW] == ATLAS:
        render_atlas(source(), stages, images, version)
        to_address(Key.CHANNEL_VIEW)
        return
    names = [stage.name for stage in stages]
    from_address(Key.STAGE, names, names[-2])
    chosen = stages[names.index(st.session_state[Key.STAGE])]
    render_stage_strip(stages, key="channel_strip", selected=chosen.name, on_select=_select)
    place = ChannelsView(source(), stages, chosen, images, version)
    channel = render_channel(place)
    render_after(place, channel)
    render_code(channel_code(source(), target(), chosen.name, channel))
    to_address(Key.CHANNEL_VIEW, Key.STAGE)


def _select(stage: str) -> None:
    """Choose the clicked stage, and of it the channel that is the most selective."""
    if stage != st.session_state[Key.STAGE]:
        st.session_state[Key.STAGE] = stage
        st.session_state[Key.CHANNEL] = None
        st.query_params.pop(Key.CHANNEL, None)


guarded(page)
