"""One channel on the page: which one, the images that excite it most, and the classes it answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.figures.channel_bars import MOST_BARS, plot_class_means
from tlviz.figures.theme import chart_config
from tlviz.ui.address import from_address
from tlviz.ui.cached import channels as cached_channels
from tlviz.ui.channels.grids import picture, render_grid
from tlviz.ui.channels.optimised import pick_objective, render_visualisation
from tlviz.ui.channels.tables import channel_table, filter_table, stage_table
from tlviz.ui.channels.view import ChannelsView
from tlviz.ui.messages import plain
from tlviz.ui.state import Key, key_of

if TYPE_CHECKING:
    from tlviz.explore.channels.top_images import TopImages

LISTED = 60
LITTLE = 0.1
"""Below this class selectivity no preference is stated."""
_JUMP = "channel_jump"
_FIRST = "channel_first"
"""Where the session keeps the channel that was shown before any was chosen."""


def render_channel(place: ChannelsView) -> int:
    """Draw the controls and everything there is to see of one channel, and return its number."""
    top = top_of(place)
    channel = _pick(place, top)
    st.markdown(sentence(place, top, channel))
    render_views(place, top, channel)
    return channel


def top_of(place: ChannelsView) -> TopImages:
    """Return the images that excite each channel of a stage most."""
    return cached_channels.top(place.model, place.tuned, place.stage.name, place.version, place.images)


def render_views(place: ChannelsView, top: TopImages, channel: int) -> None:
    """Draw a channel's pictures, what was drawn to excite it, and its classes."""
    left, right = st.columns([2.17, 0.92], gap="medium")
    with left:
        _pictures(place, top, channel)
    with right:
        _side(place, top, channel)


def _pictures(place: ChannelsView, top: TopImages, channel: int) -> None:
    """Show a channel's top images, cut and whole; of a dead one there are none to show."""
    if top.is_dead(channel):
        st.info("No picture excites it more than any other. Choose another channel.", icon=":material/block:")
        return
    pngs = cached_channels.grids(
        place.model, place.tuned, place.stage.name, channel, place.version, place.colour, top, place.images
    )
    cells = [words(place, top, channel, rank) for rank in range(top.images.shape[1])]
    crops, whole = st.columns(2, gap="medium")
    with crops:
        render_grid(pngs[0], cells, cached_channels.GRID, "What excites it, strongest first")
    with whole:
        render_grid(pngs[1], cells, cached_channels.GRID, "The pictures they come from")
    field = cached_channels.crop_side(place.model, place.tuned, place.stage.name)
    st.caption(_crop_words(field, place.images.pixels.shape[1]))
    _downloads(place, top, channel, pngs)


def sentence(place: ChannelsView, top: TopImages, channel: int) -> str:
    """Say in one sentence what a channel answers to."""
    name = f"Channel **{plain(place.name_of(channel))}** of **{plain(place.stage.name)}**"
    shown = f"{len(place.images.labels):,} images"
    if top.is_dead(channel):
        return f"{name} is dead here: it gives {top.highest[channel]:.3g} everywhere on all {shown}."
    selectivity = float(top.selectivity()[channel])
    if np.isnan(selectivity):
        return f"{name} is never above zero on these {shown}; its least negative activations are shown."
    preferred = plain(place.images.classes[top.preferred_class(channel)])
    scale = "(0: all classes alike, 1: one class alone)"
    if selectivity < LITTLE:
        return f"{name} prefers no class: its selectivity is only **{selectivity:.2f}** {scale}."
    return f"{name} responds most to **{preferred}**: class selectivity **{selectivity:.2f}** {scale}."


def words(place: ChannelsView, top: TopImages, channel: int, rank: int) -> str:
    """Name one of the top images, with its class and its activation."""
    at = int(top.images[channel, rank])
    label = place.images.classes[place.images.labels[at]]
    return f"{rank + 1}. {place.images.names[at]} ({label}): activation {top.values[channel, rank]:.3g}"


def _pick(place: ChannelsView, top: TopImages) -> int:
    """Draw the controls; the first view is the most selective channel."""
    selective = top.most_selective(LISTED) or [0]
    numbers = [str(number) for number in range(place.stage.channels)]
    kept = _kept(place)
    st.session_state[Key.CHANNEL] = None if kept is None else str(kept)
    if kept is not None and int(kept) >= place.stage.channels:
        st.session_state[Key.CHANNEL] = str(selective[0])
    from_address(Key.CHANNEL, numbers, str(selective[0]))
    st.session_state[Key.CHANNEL] = int(st.session_state[Key.CHANNEL])
    st.session_state[Key.CHANNEL_OF] = key_of("channel", place.model, place.stage.name)
    st.session_state[_FIRST] = selective[0]
    number, jump = st.columns([1, 1.6], vertical_alignment="bottom")
    number.number_input(
        f"Channel of {place.stage.name}, 0 to {place.stage.channels - 1}", 0, place.stage.channels - 1, step=1,
        key=Key.CHANNEL, persist_state="session",
    )  # fmt: skip
    st.session_state[_JUMP] = None
    jump.selectbox(
        "Go to a class-selective channel", selective, key=_JUMP, on_change=_jump,
        format_func=lambda channel: _listed(place, top, channel), placeholder="the most selective first",
        help="Channels that respond at least as strongly as the median one, the most class-selective first.",
    )  # fmt: skip
    st.query_params[Key.CHANNEL] = str(st.session_state[Key.CHANNEL])
    return int(st.session_state[Key.CHANNEL])


def _kept(place: ChannelsView) -> int | None:
    """Return the channel that a person looked at before, None where this stage, network or target has a better one.

    A number means nothing in another stage, and the first one shown of a target was nobody's choice.
    """
    kept = st.session_state.get(Key.CHANNEL)
    belongs = st.session_state.get(Key.CHANNEL_OF)
    is_of_another = belongs is not None and belongs != key_of("channel", place.model, place.stage.name)
    if kept is not None and (is_of_another or int(kept) == st.session_state.get(_FIRST)):
        st.query_params.pop(Key.CHANNEL, None)
        return None
    return kept


def _jump() -> None:
    if st.session_state[_JUMP] is not None:
        st.session_state[Key.CHANNEL] = st.session_state[_JUMP]


def _listed(place: ChannelsView, top: TopImages, channel: int) -> str:
    preferred = place.images.classes[top.preferred_class(channel)]
    return f"{place.name_of(channel)} · {preferred} {top.selectivity()[channel]:.2f}"


def _side(place: ChannelsView, top: TopImages, channel: int) -> None:
    """Draw what the channel would like to see, its filter where it has one, and its classes."""
    pick_objective()
    render_visualisation(place.model, place.stage, channel, place.tuned)
    render_filter(place, channel)
    if not top.is_dead(channel):
        st.markdown("**Mean activation by class**")
        figure = plot_class_means(place.images.classes, top.class_means[channel].tolist())
        st.plotly_chart(figure, key=key_of("channel_classes", place.tuned), config=chart_config())
        few = f" The {MOST_BARS} strongest classes." if len(place.images.classes) > MOST_BARS else ""
        st.caption(f"Negative activations count as zero.{few}")


def render_filter(place: ChannelsView, channel: int) -> None:
    """Show a first-layer channel's filter with its downloads, nothing where its weights are no picture."""
    found = cached_channels.filters(place.model, place.tuned) if place.stage is place.stages[0] else None
    if found is None:
        return
    from tlviz.figures.channel_pictures import to_tile
    from tlviz.figures.sprites import to_png

    pictures, weights = found
    side, png = pictures.shape[1], to_png(to_tile(pictures[channel]))
    st.html(
        '<div style="display:flex;gap:12px;align-items:center">'
        f"{picture(png, f'Filter {channel}', '72px')}"
        f"<small><b>Its filter</b>, {side} x {side} weights as colours; grey is zero.</small></div>"
    )
    stem = f"{place.tuned or place.model}-filter-{channel}"
    with st.container(horizontal=True):
        for label, content, file in (
            ("Filter PNG", png, f"{stem}.png"),
            ("CSV", filter_table(weights[channel]), f"{stem}.csv"),
        ):
            st.download_button(
                label,
                content,
                file,
                icon=":material/download:",
                on_click="ignore",
                key=key_of(label, "filter", place.tuned),
            )


def _crop_words(field: int, size: int) -> str:
    from tlviz.explore.channels.crops import LEAST_CROP

    hover = "Hover for names and activations."
    if field >= size:
        return f"A position of this stage sees the whole picture, so nothing is cropped. {hover}"
    side = f" of {LEAST_CROP} pixels, to see more" if field < LEAST_CROP else ""
    return (
        f"The peak sees about {field} pixels along a side, which hold 90% of its gradient. "
        f"The frame is the crop{side}. {hover}"
    )


def _downloads(place: ChannelsView, top: TopImages, channel: int, pngs: tuple[bytes, bytes]) -> None:
    stem = f"{place.tuned or place.model}-{place.stage.name}"
    with st.container(horizontal=True):
        for label, content, file in (
            ("Crops PNG", pngs[0], f"{stem}-{channel}-crops.png"),
            ("Pictures PNG", pngs[1], f"{stem}-{channel}-pictures.png"),
            ("Numbers CSV", channel_table(place, top, channel), f"{stem}-{channel}.csv"),
            ("All channels CSV", stage_table(place, top), f"{stem}-channels.csv"),
        ):
            st.download_button(
                label,
                content,
                file,
                icon=":material/download:",
                on_click="ignore",
                key=key_of(label, place.tuned),
            )
