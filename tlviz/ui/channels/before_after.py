"""The same channel before and after fine-tuning: the pretrained network and up to three runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.figures.channel_bars import plot_class_changes, plot_class_means
from tlviz.figures.theme import chart_config
from tlviz.ui.before_after import pick_tuned_runs
from tlviz.ui.cached import channels as cached_channels
from tlviz.ui.cached import networks
from tlviz.ui.channels.grids import render_grid
from tlviz.ui.channels.optimised import render_visualisation
from tlviz.ui.channels.panel import render_filter, sentence, top_of, words
from tlviz.ui.channels.tables import networks_table
from tlviz.ui.channels.view import ChannelsView
from tlviz.ui.feature_maps.choice import DIFFERENCE, MAPS
from tlviz.ui.messages import plain
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.latest import latest
from tlviz.ui.widgets.linked import linked_choice

if TYPE_CHECKING:
    from tlviz.explore.channels.top_images import TopImages

ACTIVATIONS = "activations"
_POSTER_PANE = 340


def render_after(place: ChannelsView, channel: int) -> None:
    """Let a person choose up to three finished runs of this network, and show the same channel in all of them."""
    st.divider()
    st.markdown("**Before and after**: the same channel in your runs")
    pick, how = st.columns([2.3, 1], vertical_alignment="bottom")
    with pick:
        runs = pick_tuned_runs(place.model)
    if not runs:
        return
    with how:
        shown = linked_choice("Classes", [MAPS, DIFFERENCE], MAPS, key=Key.SHOW, words=_words)
    names, places = ["Pretrained"], [place]
    for run in runs:
        reason = why_not(place, run.name)
        if reason:
            st.info(plain(f"{run.title}: {reason}"), icon=":material/block:")
        else:
            names.append(run.title)
            places.append(replace(place, tuned=run.name))
    if len(places) > 1:
        tops = [top_of(each) for each in places]
        _render_columns(names, places, tops, channel, is_difference=shown == DIFFERENCE)
        _downloads(names, places, tops, channel)


def why_not(place: ChannelsView, run: str) -> str:
    """Say why a run cannot be set beside the pretrained network at a stage, or nothing."""
    if place.stage is place.stages[-1]:
        return "The run's head was replaced, so its channels cannot be compared."
    network = networks.network_at_source_size(place.model, run)
    own, shown = network.spec.preprocessing.size, place.images.pixels.shape[1]
    if own != shown:
        return f"The run's network only takes pictures of {own} pixels, but the pretrained one sees {shown} here."
    same = {(stage.name, stage.channels) for stage in network.stages}
    return "" if (place.stage.name, place.stage.channels) in same else "The run's network does not have this stage."


def describe_change(before: TopImages, after: TopImages, channel: int) -> str:
    """Say how much of a channel is as it was: shared top images, class selectivity, and mean activations."""
    shared = len(np.intersect1d(before.images[channel], after.images[channel]))
    change = f"Of its {before.images.shape[1]} top images **{shared}** are the same"
    first, second = (float(top.selectivity()[channel]) for top in (before, after))
    if not (np.isnan(first) or np.isnan(second)):
        change += f"; class selectivity went from {first:.2f} to {second:.2f}"
    largest = max((abs(value) for value in class_changes(before, after, channel) if not np.isnan(value)), default=0.0)
    if largest == 0:
        return f"{change}; its classes' activations: no difference at all."
    return f"{change}; its classes' activations differ by up to {largest:.2g}."


def class_changes(before: TopImages, after: TopImages, channel: int) -> list[float]:
    """Return how much more a channel answers to each class than before."""
    changes: list[float] = (after.class_means[channel] - before.class_means[channel]).tolist()
    return changes


def _render_columns(
    names: Sequence[str],
    places: Sequence[ChannelsView],
    tops: Sequence[TopImages],
    channel: int,
    *,
    is_difference: bool,
) -> None:
    classes = places[0].images.classes
    most = float(np.nanmax([top.class_means[channel] for top in tops]))
    changes = [class_changes(tops[0], top, channel) for top in tops]
    furthest = float(np.nanmax(np.abs(changes)))
    for at, column in enumerate(st.columns(len(places), gap="small")):
        place, top = places[at], tops[at]
        with column:
            st.markdown(f"**{plain(names[at])}**")
            _pictures(place, top, channel)
            differs = is_difference and at > 0
            figure = (
                plot_class_changes(classes, changes[at], furthest)
                if differs
                else plot_class_means(classes, top.class_means[channel].tolist(), most)
            )
            st.caption(
                "Mean activation by class, minus the pretrained one's" if differs else "Mean activation by class"
            )
            st.plotly_chart(figure, key=key_of("after_classes", place.tuned), config=chart_config())
            if at > 0:
                st.markdown(describe_change(tops[0], top, channel))
                st.caption("Optimised to excite it")
                render_visualisation(place.model, place.stage, channel, place.tuned)
                render_filter(place, channel)
    st.caption(
        "All bars have one scale. In a difference red is more than before, blue is less. "
        "Hover over a crop for its picture's name."
    )


def _pictures(place: ChannelsView, top: TopImages, channel: int) -> None:
    """Show a network's crops and pictures of the channel, or say that it is dead."""
    if top.is_dead(channel):
        st.info(sentence(place, top, channel), icon=":material/block:")
        return
    cells = [words(place, top, channel, rank) for rank in range(top.images.shape[1])]
    for png, title in zip(_grids(place, top, channel), ("What excites it most", "The pictures"), strict=True):
        render_grid(png, cells, cached_channels.GRID, title)


def _grids(place: ChannelsView, top: TopImages, channel: int) -> tuple[bytes, bytes]:
    return cached_channels.grids(
        place.model, place.tuned, place.stage.name, channel, place.version, place.colour, top, place.images
    )


def _downloads(names: Sequence[str], places: Sequence[ChannelsView], tops: Sequence[TopImages], channel: int) -> None:
    stem = f"{places[0].model}-{places[0].stage.name}-{channel}-before-and-after"
    shown = latest("channels", (names, places, tops, channel))
    with st.container(horizontal=True):
        for label, make, file in (
            ("Side by side PNG", lambda held: side_by_side(*held), f"{stem}.png"),
            ("Side by side CSV", lambda held: networks_table(*held[1:]), f"{stem}.csv"),
        ):
            st.download_button(
                label, shown.made_by(make), file, icon=":material/download:", on_click="ignore", key=label
            )


def side_by_side(
    names: Sequence[str], places: Sequence[ChannelsView], tops: Sequence[TopImages], channel: int
) -> bytes:
    """Return the crops of all networks above the pictures they come from, as PNG; a dead channel's are left out."""
    from tlviz.figures.poster import poster
    from tlviz.figures.sprites import from_png

    living = [at for at, top in enumerate(tops) if not top.is_dead(channel)]
    if not living:
        return b""
    grids = [_grids(places[at], tops[at], channel) for at in living]
    crops, pictures = ([from_png(png) for png in line] for line in zip(*grids, strict=True))
    title = f"Channel {places[0].name_of(channel)} of {places[0].stage.name} in {places[0].model}"
    rows = [("excites it", "", crops), ("the pictures", "", pictures)]
    return poster(rows, [names[at] for at in living], title, _POSTER_PANE)


def _words(option: str) -> str:
    return ACTIVATIONS if option == MAPS else option
