"""One channel followed large, and the receptive field of one position."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.data.pixels.pictures import Pixels
from tlviz.learn.words import define
from tlviz.ui.cached import looks
from tlviz.ui.feature_maps.choice import SHOWN_OVERLAY, View
from tlviz.ui.feature_maps.downloads import render_downloads
from tlviz.ui.feature_maps.grid import Column, Grid, difference, render_largest_difference
from tlviz.ui.feature_maps.made_of import render_made_of
from tlviz.ui.feature_maps.views import MapView
from tlviz.ui.messages import plain
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.latest import latest
from tlviz.ui.widgets.linked import linked_number
from tlviz.ui.widgets.rows import words_and_buttons
from tlviz.ui.widgets.tiles import Pane, TileRow, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Map
    from tlviz.explore.maps.receptive_field import Field
    from tlviz.figures.sprites import Limits

_OVERLAY_SIDE = 448


def render_one(scene: MapView) -> None:
    """Show one channel large beside its overlay on the picture, with its numbers."""
    from tlviz.explore.maps.feature_maps import Order, rank_channels
    from tlviz.figures.sprites import colour_limits, overlay, paint

    place = scene.choice.places[0]
    maps = scene.choice.maps(scene.pixels)[place]
    first, ranked = int(rank_channels(maps, Order.STANDING_OUT)[0]), rank_channels(maps, Order.STRONGEST)
    words, button = words_and_buttons()
    with scene.room:
        channel = linked_number("Channel", 0, len(maps) - 1, first, key=Key.CHANNEL, help=define("channel"))
    st.session_state[Key.CHANNEL_OF] = key_of("channel", scene.choice.model, place)
    words.markdown(_channel_words(maps, channel, int(np.flatnonzero(ranked == channel)[0])))
    after = {run.title: scene.choice.maps(scene.pixels, run.name)[place] for run in scene.choice.runs}
    limits = colour_limits([maps[channel][None], *([m[channel][None] for m in after.values()])])
    painted = paint(maps[channel][None], limits)
    strength = (scene.choice.overlay or SHOWN_OVERLAY) / 100
    laid = overlay(scene.pixels, painted, strength, _OVERLAY_SIDE)[0]
    values = [f"{value:.3g}" for value in maps[channel].ravel()]
    width = maps.shape[2]
    panes = [Pane(painted[0], width, values=values), Pane(laid, width, values=values, crisp=False)]
    headings = [f"{place}, channel {channel}", "over the picture"]
    row = TileRow(f"channel {channel}", f"{place}, {maps.shape[1]} x {width}", panes)
    see = partial(_pick_field, width)
    render_tiles([row], key="look_one", headings=headings, titled=False, on_pick=see)
    _scale_bar(float(limits[0][0]), float(limits[1][0]))
    st.caption("Click a position to see which part of the picture it sees.")
    render_made_of(scene, channel)
    columns = [Column("" if not after else "Pretrained", scene.pixels, {place: maps})]
    if after:
        minus = {place: maps} if scene.choice.is_difference else None
        columns += [Column(name, scene.pixels, {place: found}, minus=minus) for name, found in after.items()]
        more = _run_panes(columns[1:], place, channel, limits)
        names = [f"{name} minus Pretrained" if minus else name for name in after]
        render_tiles([TileRow(row.title, "", more)], key="look_one_runs", headings=names, titled=False, on_pick=see)
        render_largest_difference([replace(column, minus={place: maps}) for column in columns[1:]], [place], channel)
        row, headings = replace(row, panes=[*panes, *more]), [*headings, *names]
    with button:
        render_downloads(scene.choice, columns, Grid([row], [place], [[channel]], headings), scene.name)


def _run_panes(columns: Sequence[Column], place: str, channel: int, limits: Limits) -> list[Pane]:
    """Draw the runs' maps of the channel on the pretrained one's scale, or how they differ from it, on one scale."""
    from tlviz.figures.sprites import paint, paint_difference

    if columns[0].minus is None:
        shown = [column.maps[place][channel][None] for column in columns]
        painted = [paint(values, limits) for values in shown]
    else:
        shown = [difference(column, place, [channel]) for column in columns]
        most = np.array([max(np.abs(values).max() for values in shown)], np.float32)
        painted = [paint_difference(values, most) for values in shown]
    return [
        Pane(drawn[0], values.shape[2], values=[f"{value:.3g}" for value in values.ravel()])
        for drawn, values in zip(painted, shown, strict=True)
    ]


def _pick_field(width: int, _row: int, _pane: int, at: int) -> None:
    _see_field(at, width)


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


def render_field(scene: MapView) -> None:
    """Show the part of the picture that one position sees, measured by gradient."""
    from tlviz.figures.field import draw_field
    from tlviz.figures.sprites import paint

    place = scene.choice.places[0]
    maps = scene.choice.maps(scene.pixels)[place]
    height, width = maps.shape[1:]
    words, button = words_and_buttons()
    across, along = scene.room.columns(2)
    with across:
        x = linked_number("x", 0, width - 1, width // 2, key=Key.AT_X)
    with along:
        y = linked_number("y", 0, height - 1, height // 2, key=Key.AT_Y)
    layer, layout = scene.choice.layer_of(scene.pixels)
    names = {"": "what it sees"} | {run.name: f"in {run.title}" for run in scene.choice.runs}
    fields = {run: looks.field(scene.choice.model, run, scene.pixels, layer, layout, y, x) for run in names}
    words.markdown(_field_words(fields[""], scene.pixels.shape[0]))
    strength = np.abs(maps).mean(0)
    pane = Pane(paint(strength[None])[0], width, values=[f"{v:.3g}" for v in strength.ravel()], selected=y * width + x)
    drawn = [Pane(draw_field(_sized(scene.pixels, f), f), 1, values=[""], crisp=False) for f in fields.values()]
    row = TileRow("receptive field", f"{place}, x {x}, y {y}", [pane, *drawn])
    headings = [f"{place}: mean of all channels; click a position", *names.values()]
    render_tiles([row], key="look_field", headings=headings, titled=False, on_pick=lambda _, __, at: _move(at, width))
    st.caption(
        "The box is all that can reach the position, found by following the gradient back to the picture; bright parts "
        "count most for this picture: usually the middle, far less than the box."
    )
    for run in scene.choice.runs:
        st.caption(
            plain(f"{run.title}: {_field_words(fields[run.name], len(fields[run.name].heat)).replace('**', '')}")
        )
    with button:
        _field_downloads(scene, {run or "pretrained": field for run, field in fields.items()}, row, headings)


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
    return f"It sees {seen}; half of its gradient is in **{field.half_share:.1%}** of the picture."


def _field_downloads(scene: MapView, fields: dict[str, Field], row: TileRow, headings: list[str]) -> None:
    shown = latest("field", (fields, row, headings, scene.name))
    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "Picture (PNG)", shown.made_by(lambda held: _field_png(*held[1:])), f"receptive field {scene.name}.png",
            "image/png", key="field_png", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Numbers (NPZ)", shown.made_by(lambda held: _field_npz(held[0])), f"receptive field {scene.name}.npz",
            "application/octet-stream", key="field_npz", on_click="ignore",
        )  # fmt: skip


def _field_png(row: TileRow, headings: list[str], name: str) -> bytes:
    from tlviz.figures.poster import poster

    return poster([(row.title, row.words, [pane.pixels for pane in row.panes])], headings, name)


def _field_npz(fields: dict[str, Field]) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, object] = {}
    for name, field in fields.items():
        of = f"{name}/" if len(fields) > 1 else ""
        box = field.box
        arrays[f"{of}gradient"] = field.heat
        arrays[f"{of}box"] = np.asarray([box.top, box.left, box.bottom, box.right] if box else [])
        arrays[f"{of}half_share"] = np.asarray(field.half_share)
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _sized(pixels: Pixels, field: Field) -> Pixels:
    """Return the picture in the size in which a network saw it."""
    from tlviz.figures.channel_pictures import to_tile

    return pixels if len(pixels) == len(field.heat) else to_tile(pixels, len(field.heat))
