"""What the pages that look inside a network share in memory; small and bounded, because feature maps are large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tlviz.data.pixels.pictures import Pixels
from tlviz.models.spec import Layout
from tlviz.ui import cached
from tlviz.ui.before_after import cached_run_network, fit_pixels, forget_run_networks, saved_at

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Look
    from tlviz.explore.maps.layers import Inside
    from tlviz.explore.maps.receptive_field import Field
    from tlviz.models.load import Network


def network_of(model: str, run: str) -> Network:
    """Return the pretrained network, or where a run is named, that run's."""
    return cached_run_network(run) if run else cached.network(model)


def seen(model: str, run: str, pixels: Pixels) -> Look:
    """Return what every stage of a pretrained network, or of a run's, makes of a picture."""
    if not run:
        return cached.seen(model, cached.digest(pixels), pixels)
    return _seen(run, saved_at(run), cached.digest(pixels), pixels)


def inside(model: str, run: str, pixels: Pixels, stage: str, layer: str) -> Inside:
    """Return what one layer of a stage makes of a picture."""
    return _inside(model, run, saved_at(run), cached.digest(pixels), stage, layer, pixels)


@st.cache_data(max_entries=32, show_spinner=False)
def layer_paths(model: str) -> dict[str, tuple[str, ...]]:
    """Return the layers of every stage whose outputs are maps."""
    from tlviz.explore.maps.layers import layer_paths as found

    return found(cached.network(model))


def field(model: str, run: str, pixels: Pixels, layer: str, layout: Layout, row: int, column: int) -> Field:
    """Return what one position of a layer's map sees of a picture, in the pretrained network or in a run's."""
    return _field(model, run, saved_at(run), cached.digest(pixels), layer, layout, row, column, pixels)


@st.cache_resource(max_entries=16, show_spinner=False)
def _field(
    model: str, run: str, saved_at: int, digest: str, layer: str, layout: Layout, row: int, column: int, _pixels: Pixels
) -> Field:
    from tlviz.explore.maps.receptive_field import receptive_field

    network = network_of(model, run)
    return receptive_field(network, fit_pixels(network, _pixels), layer, layout, row, column)


def forget() -> None:
    """Forget everything, because a network's name may now mean another one."""
    for remembered in (_seen, _inside, _field, layer_paths):
        remembered.clear()
    forget_run_networks()


@st.cache_resource(max_entries=3, show_spinner=False)
def _seen(run: str, saved_at: int, digest: str, _pixels: Pixels) -> Look:
    from tlviz.explore.maps.feature_maps import look

    network = cached_run_network(run)
    return cached.read_only(look(network, fit_pixels(network, _pixels)))


@st.cache_resource(max_entries=4, show_spinner=False)
def _inside(model: str, run: str, saved_at: int, digest: str, stage: str, layer: str, _pixels: Pixels) -> Inside:
    from tlviz.explore.maps.layers import look_inside

    network = network_of(model, run)
    return look_inside(network, fit_pixels(network, _pixels), stage, layer)
