"""What networks make of single pictures; small and bounded, because feature maps are large."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.api.pictures import fit_pixels, square_of
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Pixels
from tlviz.models.catalogue import find_model
from tlviz.models.spec import Layout
from tlviz.ui.cached.networks import network, stamp

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Map, StageActivations
    from tlviz.explore.maps.layers import Inside
    from tlviz.explore.maps.made_of import MadeOf
    from tlviz.explore.maps.receptive_field import Field


def digest(pixels: Pixels) -> str:
    """Return a short fingerprint of a picture."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16]


def seen(model: str, run: str, pixels: Pixels) -> StageActivations:
    """Return what every stage of a pretrained network, or of a run's, makes of a picture; nobody can change it."""
    return (_seen_of_run if run else _seen)(model, run, stamp(model, run), digest(pixels), pixels)


def inside(model: str, run: str, pixels: Pixels, stage: str, layer: str) -> Inside:
    """Return what one layer of a stage makes of a picture."""
    return _inside(model, run, stamp(model, run), digest(pixels), stage, layer, pixels)


def field(model: str, run: str, pixels: Pixels, layer: str, layout: Layout, row: int, column: int) -> Field:
    """Return what one position of a layer's map sees of a picture, in the pretrained network or in a run's."""
    return _field(model, run, stamp(model, run), digest(pixels), layer, layout, row, column, pixels)


def made_of(model: str, pixels: Pixels, stage: str, place: str, channel: int, shown: Map) -> MadeOf | None:
    """Return how a channel's map of a stage or layer comes about, None where no single convolution made it."""
    return _made_of(model, stamp(model), digest(pixels), stage, place, channel, pixels, shown)


def layer_paths(model: str) -> dict[str, tuple[str, ...]]:
    """Return the layers of every stage whose outputs are maps."""
    return _layer_paths(model, stamp(model))


def uploaded(content: bytes, name: str, model: str, depth: Depth = AS_STORED) -> tuple[Pixels, str | None]:
    """Decode an uploaded picture for a network; the second value says what was odd about it, or is None.

    ``depth`` is how the target's deep pictures are brought to 8 bits; without any, a deep picture's own range serves.
    """
    return _uploaded(content, name, Geometry.of(find_model(model).pixels, depth=depth))


@st.cache_data(max_entries=32, show_spinner=False)
def _uploaded(content: bytes, name: str, geometry: Geometry) -> tuple[Pixels, str | None]:
    return square_of(content, name, geometry)


@st.cache_resource(max_entries=6, show_spinner=False)
def _seen(model: str, run: str, stamp: str, digest: str, _pixels: Pixels) -> StageActivations:
    return _extract(model, run, _pixels)


@st.cache_resource(max_entries=3, show_spinner=False)
def _seen_of_run(model: str, run: str, stamp: str, digest: str, _pixels: Pixels) -> StageActivations:
    return _extract(model, run, _pixels)


def _extract(model: str, run: str, pixels: Pixels) -> StageActivations:
    from tlviz.explore.maps.feature_maps import extract_feature_maps

    subject = network(model, run)
    activations = extract_feature_maps(subject, fit_pixels(subject, pixels))
    for maps in activations.maps.values():
        maps.setflags(write=False)
    return activations


@st.cache_resource(max_entries=4, show_spinner=False)
def _inside(model: str, run: str, stamp: str, digest: str, stage: str, layer: str, _pixels: Pixels) -> Inside:
    from tlviz.explore.maps.layers import look_inside

    subject = network(model, run)
    return look_inside(subject, fit_pixels(subject, _pixels), stage, layer)


@st.cache_resource(max_entries=16, show_spinner=False)
def _field(
    model: str, run: str, stamp: str, digest: str, layer: str, layout: Layout, row: int, column: int, _pixels: Pixels
) -> Field:
    from tlviz.explore.maps.receptive_field import receptive_field

    subject = network(model, run)
    return receptive_field(subject, fit_pixels(subject, _pixels), layer, layout, row, column)


@st.cache_resource(max_entries=16, show_spinner=False)
def _made_of(
    model: str, stamp: str, digest: str, stage: str, place: str, channel: int, _pixels: Pixels, _shown: Map
) -> MadeOf | None:
    from tlviz.explore.maps.made_of import made_of as found

    subject = network(model)
    return found(subject, fit_pixels(subject, _pixels), stage, channel, _shown)


@st.cache_data(max_entries=32, show_spinner=False)
def _layer_paths(model: str, stamp: str) -> dict[str, tuple[str, ...]]:
    from tlviz.explore.maps.layers import layer_paths as found

    return found(network(model))
