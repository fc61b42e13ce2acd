"""How a tile comes about: inputs, their filters, what each gives, and the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.data.pixels.pictures import Pixels
from tlviz.ui.cached import looks
from tlviz.ui.feature_maps.views import MapView
from tlviz.ui.messages import plain
from tlviz.ui.widgets.tiles import Pane, TileRow, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Map
    from tlviz.explore.maps.made_of import MadeOf

COLOURS = ("red", "green", "blue")
"""The inputs of a layer that sees the picture itself."""


def render_made_of(scene: MapView, channel: int) -> None:
    """Show the strongest inputs of a channel's convolution, each with its filter and what the two give, and the sum."""
    choice = scene.choice
    place = choice.places[0]
    maps = choice.maps(scene.pixels)[place]
    found = looks.made_of(choice.model, scene.pixels, choice.stage, place, channel, maps[channel])
    with st.expander("How this tile comes about: input x filter, summed", icon=":material/functions:"):
        if found is None:
            st.caption(
                "No single convolution made this tile: the layers behind it pool, add or mix several, or it is silent. "
                "Choose a convolution under *Layer* to take it apart."
            )
            return
        render_tiles(_rows(found), key="look_made_of", headings=["input", "filter", "input x filter"])
        st.caption(_words(found))


def _rows(found: MadeOf) -> list[TileRow]:
    """Return a row for each term, the rest, the bias and the sum; all products are on one scale."""
    from tlviz.figures.sprites import paint

    sums = [term.product for term in found.terms] + [found.others, found.total]
    most = max(float(np.abs(values).max()) for values in sums) or 1.0
    rows = []
    for term in found.terms:
        panes = [_pane(paint(term.inputs[None])[0], term.inputs), _signed(term.filter), _signed(term.product, most)]
        rows.append(TileRow(_input_name(found, term.channel), f"mean size {np.abs(term.product).mean():.2g}", panes))
    rest = found.inputs - len(found.terms)
    if rest:
        words = "the other input" if rest == 1 else f"the other {rest} inputs"
        rows.append(TileRow("+ others", words, [_blank(), _blank(), _signed(found.others, most)]))
    words = f"with {found.bias:+.3g} added everywhere"
    rows.append(TileRow("= sum", words, [_blank(), _blank(), _signed(found.total, most)]))
    if found.after is not None:
        drawn = _pane(paint(found.after[None])[0], found.after)
        rows.append(TileRow("the tile", "behind what follows, such as ReLU", [_blank(), _blank(), drawn]))
    return rows


def _input_name(found: MadeOf, channel: int) -> str:
    return COLOURS[channel] if found.inputs == len(COLOURS) else f"input {channel}"


def _words(found: MadeOf) -> str:
    size = " x ".join(map(str, found.terms[0].filter.shape))
    return (
        f"Channel {found.channel} of the convolution {plain(found.layer)}: at each position the filter, {size} weights "
        f"an input, lies on the input, and all products are summed. The {len(found.terms)} strongest of "
        f"{found.inputs:,} inputs are shown. Red raises the sum, blue lowers it, white is nothing; all on one scale."
    )


def _signed(values: Map, most: float | None = None) -> Pane:
    from tlviz.figures.sprites import paint_difference

    largest = np.array([most or float(np.abs(values).max()) or 1.0], np.float32)
    return _pane(paint_difference(values[None], largest)[0], values)


def _pane(pixels: Pixels, values: Map) -> Pane:
    return Pane(pixels, values.shape[1], values=[f"{value:.3g}" for value in values.ravel()])


def _blank() -> Pane:
    return Pane(np.zeros((1, 1, 4), np.uint8), 1, values=[""])
