"""The grid of channels: rows of stages, panes of what is compared, one tile a channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadSettingError
from tlviz.ui.feature_maps.choice import ALL, MapChoice
from tlviz.ui.widgets.tiles import Pane, TileRow, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Map

_PER_LINE = {1: 10, 2: 6, 3: 4, 4: 3}
_NARROW = 3
_NARROWEST = 2
_LINES = 5
_SMALL, _LARGE = 112, 224
_FEW = 12
"""Up to this many tiles an overlay is drawn in the picture's full size."""


@dataclass(frozen=True, slots=True)
class Column:
    """One of the things compared: maps (C, H, W) by layer, of ``pixels``; with ``minus`` their difference is shown."""

    name: str
    pixels: Pixels
    maps: Mapping[str, Map]
    minus: Mapping[str, Map] | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """What is drawn: one row per stage or layer, and which channels its tiles are."""

    rows: list[TileRow]
    places: list[str]
    channels: list[list[int]]
    headings: list[str]


def build_grid(choice: MapChoice, columns: Sequence[Column]) -> Grid:
    """Lay out the chosen channels, ranked in the first column, for all columns.

    Raises ``BadSettingError`` where none of the typed channel numbers exists.
    """
    from tlviz.explore.maps.feature_maps import Order, pick_channels

    per_line = _PER_LINE.get(len(columns), _NARROWEST)
    count = per_line if choice.stage == ALL else per_line * _LINES
    rows, places, channels = [], [], []
    for place in choice.places:
        base = columns[0].maps[place]
        chosen = pick_channels(base, choice.order, count, choice.numbers).tolist()
        if chosen:
            rows.append(
                TileRow(
                    place,
                    _row_words(base, len(chosen)),
                    _panes(choice, columns, place, chosen, min(per_line, len(chosen))),
                )
            )
            places.append(place)
            channels.append(chosen)
    if not rows and choice.order is Order.CHOSEN:
        most = max(len(columns[0].maps[place]) for place in choice.places)
        raise BadSettingError(f"The channel does not exist: {choice.places[-1]} has channels 0 to {most - 1:,}.")
    headings = [column.name for column in columns] if len(columns) > 1 else [""]
    return Grid(rows, places, channels, headings)


def _row_words(maps: Map, shown: int) -> str:
    """Say how many of a stage's channels (C, H, W) are shown, and how fine each is."""
    count, height, width = maps.shape
    of = f"{shown:,} of {count:,} channels" if shown < count else ("1 channel" if count == 1 else f"{count:,} channels")
    return f"{of}, {'' if count == 1 else 'each '}{height} x {width}"


def render_grid(grid: Grid, *, key: str, on_pick: Callable[[str, int], None]) -> None:
    """Show a grid; a click calls ``on_pick(place, channel)``."""
    places, channels = grid.places, grid.channels

    def pick(row: int, _pane: int, tile: int) -> None:
        on_pick(places[row], channels[row][tile])

    render_tiles(grid.rows, key=key, headings=grid.headings, on_pick=pick)


def reading_aid(choice: MapChoice, columns: Sequence[Column]) -> str:
    """Say in a line what tiles and colours mean, and how many channels are silent."""
    from tlviz.explore.maps.feature_maps import silent_channels

    scale = "all of a stage on one scale" if choice.is_shared else "each on its own scale"
    aid = f"A tile is one channel: bright where it responds to the picture, {scale}. Click one to follow it."
    if any(column.minus is not None for column in columns):
        aid += " In a difference white is no change, red is more, blue is less."
    silent = {place: int(silent_channels(columns[0].maps[place]).sum()) for place in choice.places}
    if total := sum(silent.values()):
        where = "" if len(silent) == 1 else f", most in {max(silent, key=lambda place: silent[place])}"
        aid += f" {total:,} {'channel is' if total == 1 else 'channels are'} silent on this picture{where}."
    return aid


def difference(column: Column, place: str, chosen: Sequence[int] | slice = slice(None)) -> Map:
    """Return what a column's maps (C, H, W) have more than those it is compared with, on the grid of the latter."""
    from tlviz.figures.sprites import resample

    if column.minus is None:
        raise ValueError(column.name)
    maps, base = column.maps[place][chosen], column.minus[place][chosen]
    return (maps if maps.shape == base.shape else resample(maps, base.shape[1])) - base


def _panes(
    choice: MapChoice, columns: Sequence[Column], place: str, chosen: Sequence[int], per_line: int
) -> list[Pane]:
    from tlviz.figures.sprites import colour_limits, overlay, paint, paint_difference, tile

    plain = [column.maps[place][chosen] for column in columns if column.minus is None]
    limits = colour_limits(plain, shared=choice.is_shared)
    differences = {at: difference(column, place, chosen) for at, column in enumerate(columns) if column.minus}
    most = _most(list(differences.values()), shared=choice.is_shared)
    side = _LARGE if len(chosen) <= _FEW and len(columns) < _NARROW else _SMALL
    panes = []
    for at, column in enumerate(columns):
        maps = differences.get(at, column.maps[place][chosen])
        painted = paint_difference(maps, most) if at in differences else paint(maps, limits)
        if choice.overlay:
            painted = overlay(column.pixels, painted, choice.overlay / 100, side)
        hints = [_hint(place, number, values, at in differences) for number, values in zip(chosen, maps, strict=True)]
        panes.append(Pane(tile(painted, per_line), per_line, hints))
    return panes


def _most(differences: Sequence[Map], *, shared: bool) -> Map:
    """Return the largest absolute difference of each channel, (C,), or of all."""
    if not differences:
        return np.zeros(0, np.float32)
    most: Map = np.max([np.abs(maps).reshape(len(maps), -1).max(1) for maps in differences], axis=0)
    return np.full_like(most, most.max()) if shared else most


def _hint(place: str, number: int, values: Map, is_difference: bool) -> str:
    if is_difference:
        return f"{place}, channel {number}: differs by up to {np.abs(values).max():.3g}"
    said = f"{place}, channel {number}: mean absolute activation {np.abs(values).mean():.3g}"
    return f"{said}; silent, the same everywhere" if values.max() == values.min() and values.size > 1 else said


def render_largest_difference(columns: Sequence[Column], places: Sequence[str], channel: int | None = None) -> None:
    """Say how far each compared column is from what it is compared with, in all channels or in one."""
    chosen = slice(None) if channel is None else [channel]
    said = []
    for column in columns:
        if column.minus is not None:
            largest = max(float(np.abs(difference(column, place, chosen)).max()) for place in places)
            said.append(f"{column.name}: {'no difference at all' if largest == 0 else f'up to {largest:.3g}'}")
    if said:
        st.caption("Largest difference. " + "; ".join(said) + ".")
