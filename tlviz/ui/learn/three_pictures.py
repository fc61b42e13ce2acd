"""The same channels of every stage for a photograph, a drawing and a digit, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.api.pictures import first_picture
from tlviz.data.pixels.pictures import Pixels
from tlviz.ui.cached import looks, networks, targets
from tlviz.ui.widgets.tiles import Pane, TileRow, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Map

PICTURES = {"photos": "a photograph", "clipart": "a drawing", "digits": "a digit"}
CHANNELS = 4
"""Channels a stage: those that stand out on the photograph."""


def render_three_pictures(model: str) -> None:
    """Draw a row a stage: each picture's maps of the same channels, each channel on its own scale."""
    from tlviz.explore.maps.feature_maps import Order, rank_channels

    pixels = {name: _picture(name, model) for name in PICTURES}
    maps = {name: looks.seen(model, "", shown).maps for name, shown in pixels.items()}
    for column, (name, shown) in zip(st.columns(len(PICTURES)), pixels.items(), strict=True):
        column.image(shown, width=112, caption=PICTURES[name], alt=PICTURES[name])
    rows = []
    for stage in networks.network(model).stages[:-1]:
        chosen = rank_channels(maps["photos"][stage.name], Order.STANDING_OUT)[:CHANNELS]
        panes = [_pane(stage.name, found[stage.name][chosen], chosen.tolist()) for found in maps.values()]
        rows.append(TileRow(stage.name, f"channels {', '.join(map(str, chosen))}", panes))
    render_tiles(rows, key="learn_three", headings=list(PICTURES.values()))
    st.caption(
        "The same channels for all three: those that stand out on the photograph, each from its lowest to its highest "
        "value on that picture. Early rows still show the picture; follow where it is lost, and for which."
    )


def _picture(data: str, model: str) -> Pixels:
    images = targets.images(data, model)
    found: Pixels = images.pixels[images.names.index(first_picture(images.names))]
    return found


def _pane(stage: str, maps: Map, numbers: list[int]) -> Pane:
    from tlviz.figures.sprites import paint, tile

    hints = [
        f"{stage}, channel {number}: mean absolute activation {np.abs(values).mean():.3g}"
        for number, values in zip(numbers, maps, strict=True)
    ]
    return Pane(tile(paint(maps), CHANNELS), CHANNELS, hints)
