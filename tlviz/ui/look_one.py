"""One channel followed large, and the receptive field of one position."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.ui import cached, cached_look
from tlviz.ui.latest import latest
from tlviz.ui.linked import linked_number
from tlviz.ui.look_choice import SHOWN_OVERLAY, View
from tlviz.ui.look_downloads import render_downloads
from tlviz.ui.look_grid import Column, build_grid
from tlviz.ui.look_panels import Scene
from tlviz.ui.state import Key
from tlviz.ui.tiles import Pane, Row, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.feature_maps import Map
    from tlviz.explore.receptive_field import Field

_OVERLAY_SIDE = 448


def render_one(scene: Scene) -> None:
    """Show one channel large beside its overlay on the picture, with its numbers."""
    from tlviz.explore.feature_maps import Order, rank_channels
    from tlviz.figures.sprites import overlay, paint

    place = scene.choice.places[0]
    maps = scene.choice.maps(scene.pixels)[place]
    ranked = rank_channels(maps, Order.STRONGEST)
    words, button = st.columns([3.4, 1], vertical_alignment="center")
    with scene.room:
        channel = linked_number("Channel", 0, len(maps) - 1, int(ranked[0]), key=Key.CHANNEL)
    words.markdown(_channel_words(maps, channel, int(np.flatnonzero(ranked == channel)[0])))
    painted = paint(maps[channel][None])
    strength = (scene.choice.overlay or SHOWN_OVERLAY) / 100
    laid = overlay(scene.pixels, painted, strength, _OVERLAY_SIDE)[0]
    values = [f"{value:.3g}" for value in maps[channel].ravel()]
    width = maps.shape[2]
    map_pane, overlay_pane = Pane(painted[0], width, values=values), Pane(laid, width, values=values, crisp=False)
    row = Row(f"channel {channel}", f"{place}, {maps.shape[1]} x {width}", [map_pane, overlay_pane])
    headings = [f"{place}, channel {channel}", "over the picture"]
    render_tiles(
        [row], key="look_one", headings=headings, titled=False, on_pick=lambda _, __, at: _see_field(at, width)
    )
    _scale_bar(float(maps[channel].min()), float(maps[channel].max()))
    st.caption("Click a position to see which part of the picture it looks at.")
    with button:
        columns = [Column("", scene.pixels, {place: maps})]
        grid = build_grid(scene.choice, columns)
        shown = type(grid)([row], [place], [[channel]], headings)
        render_downloads(scene.choice, columns, shown, scene.name)


def _channel_words(maps: Map, channel: int, rank: int) -> str:
    values = maps[channel]
    if values.max() == values.min() and values.size > 1:
        return (
            f":material/do_not_disturb_on: **Channel {channel} is silent on this picture**: it is {values.flat[0]:.3g} "
            "at every position. A channel that is silent on all pictures is dead."
        )
    return (
        f"Mean absolute activation **{np.abs(values).mean():.3g}**, the {_ordinal(rank + 1)} strongest of "
        f"{len(maps):,}; from {values.min():.3g} to {values.max():.3g}; above zero at "
        f"{(values > 0).mean():.0%} of its positions."
    )


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _scale_bar(low: float, high: float) -> None:
    from tlviz.figures.sprites import ramp_css

    st.html(
        '<div style="display:flex;align-items:center;gap:8px;font-size:0.8rem;max-width:360px">'
        f"<span>{html.escape(f'{low:.3g}')}</span>"
        f'<div style="flex:1;height:9px;border-radius:3px;background:{ramp_css()}"></div>'
        f"<span>{html.escape(f'{high:.3g}')}</span></div>"
    )


def _see_field(position: int, width: int) -> None:
    """Show what the clicked position sees."""
    st.session_state[Key.AT_Y], st.session_state[Key.AT_X] = divmod(position, width)
    st.session_state[Key.LOOK] = View.FIELD


def render_field(scene: Scene) -> None:
    """Show the part of the picture that one position sees, measured by gradient."""
    from tlviz.figures.field import draw_field
    from tlviz.figures.sprites import paint

    place = scene.choice.places[0]
    maps = scene.choice.maps(scene.pixels)[place]
    height, width = maps.shape[1:]
    words, button = st.columns([3.4, 1], vertical_alignment="center")
    across, along = scene.room.columns(2)
    with across:
        x = linked_number("x", 0, width - 1, width // 2, key=Key.AT_X)
    with along:
        y = linked_number("y", 0, height - 1, height // 2, key=Key.AT_Y)
    layer, layout = scene.choice.layer_of(scene.pixels)
    field = cached_look.field(scene.choice.model, cached.digest(scene.pixels), layer, layout, y, x, scene.pixels)
    words.markdown(_field_words(field, scene.pixels.shape[0]))
    strength = np.abs(maps).mean(0)
    pane = Pane(paint(strength[None])[0], width, values=[f"{v:.3g}" for v in strength.ravel()], selected=y * width + x)
    drawn = Pane(draw_field(scene.pixels, field), 1, values=[""], crisp=False)
    row = Row("receptive field", f"{place}, x {x}, y {y}", [pane, drawn])
    headings = [f"{place}: mean of all channels; click a position", "what it sees"]
    render_tiles([row], key="look_field", headings=headings, titled=False, on_pick=lambda _, __, at: _move(at, width))
    st.caption(
        "The box is all that can reach the position, found by following the gradient back to the picture; bright is "
        "what counts most for this picture: usually the middle, far less than the box."
    )
    with button:
        _field_downloads(scene, field, row, headings)


def _move(position: int, width: int) -> None:
    st.session_state[Key.AT_Y], st.session_state[Key.AT_X] = divmod(position, width)


def _field_words(field: Field, side: int) -> str:
    if field.box is None:
        return "Nothing in the picture reaches this position."
    box = field.box
    whole = box.width == side and box.height == side
    seen = "the whole picture" if whole else f"**{box.width} x {box.height}** of {side} x {side} pixels"
    if not field.half_share:
        return f"It can see {seen}, but on this picture it is silent."
    return f"It sees {seen}; half of what counts lies in **{field.half_share:.1%}** of the picture."


def _field_downloads(scene: Scene, field: Field, row: Row, headings: list[str]) -> None:
    shown = latest("field", (field, row, headings, scene.name))
    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "Picture (PNG)", shown.made_by(lambda held: _field_png(*held[1:])), f"receptive field {scene.name}.png",
            "image/png", key="field_png", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Numbers (NPZ)", shown.made_by(lambda held: _field_npz(held[0])), f"receptive field {scene.name}.npz",
            "application/octet-stream", key="field_npz", on_click="ignore",
        )  # fmt: skip


def _field_png(row: Row, headings: list[str], name: str) -> bytes:
    from tlviz.figures.poster import poster

    return poster([(row.title, row.words, [pane.pixels for pane in row.panes])], headings, name)


def _field_npz(field: Field) -> bytes:
    buffer = io.BytesIO()
    box = field.box
    corners = [box.top, box.left, box.bottom, box.right] if box else []
    np.savez_compressed(buffer, gradient=field.heat, box=np.asarray(corners), half_share=field.half_share)
    return buffer.getvalue()
