"""Downloads of what is seen: the picture as PNG, the maps as NPZ, the channels as CSV."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import streamlit as st

from tlviz.csv_text import csv_text
from tlviz.ui.feature_maps.choice import MapChoice
from tlviz.ui.feature_maps.grid import Column, Grid
from tlviz.ui.widgets.latest import latest


def render_downloads(choice: MapChoice, columns: Sequence[Column], grid: Grid, name: str) -> None:
    """Offer a grid as PNG, its maps as NPZ and its channels' numbers as CSV; each is made when it is asked for."""
    title = f"{name} in {choice.model}"
    shown = latest("look", (choice, columns, grid))
    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "Picture (PNG)",
            shown.made_by(lambda held: _png(held[2], title)),
            f"feature maps {name}.png",
            "image/png",
            key="look_png",
            on_click="ignore",
        )
        st.download_button(
            "Maps (NPZ)",
            shown.made_by(lambda held: maps_npz(held[0], held[1])),
            f"feature maps {name}.npz",
            "application/octet-stream",
            key="look_npz",
            on_click="ignore",
            help="Every channel of what is shown, float32 (C, H, W).",
        )
        st.download_button(
            "Channels (CSV)",
            shown.made_by(lambda held: channels_csv(held[0], held[1])),
            f"channels {name}.csv",
            "text/csv",
            key="look_csv",
            on_click="ignore",
            help="What each channel's activations are over the picture.",
        )


def maps_npz(choice: MapChoice, columns: Sequence[Column]) -> bytes:
    """Return all maps that are compared; differences are left to whoever subtracts them."""
    buffer = io.BytesIO()
    parts = _distinct(columns)
    arrays = {
        place if len(parts) == 1 else f"{column.name}/{place}": column.maps[place]
        for column in parts
        for place in choice.places
    }
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def channels_csv(choice: MapChoice, columns: Sequence[Column]) -> bytes:
    """Return one line a channel and column."""
    from tlviz.explore.maps.feature_maps import channel_numbers

    rows = [
        {"of": column.name, **numbers}
        for column in _distinct(columns)
        for place in choice.places
        for numbers in channel_numbers(place, column.maps[place])
    ]
    head = list(rows[0])
    return csv_text(head, ([row[name] for name in head] for row in rows)).encode()


def _distinct(columns: Sequence[Column]) -> list[Column]:
    """Leave out columns that show the maps of another one in another way."""
    return list({id(column.maps): column for column in reversed(columns)}.values())[::-1]


def _png(grid: Grid, title: str) -> bytes:
    from tlviz.figures.poster import poster

    rows = [(row.title, row.words, [pane.pixels for pane in row.panes]) for row in grid.rows]
    return poster(rows, grid.headings, title)
