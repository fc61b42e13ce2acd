"""What the Channels page keeps in memory: top images, crop sizes, finished pictures.  All of it is bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from tlviz.data.pixels.images import ImageSet
from tlviz.data.pixels.pictures import Pixels
from tlviz.models.catalogue import find_model
from tlviz.models.spec import Sizing
from tlviz.runs.store.folder import find_run
from tlviz.ui import cached

if TYPE_CHECKING:
    from tlviz.explore.channels.crops import Box
    from tlviz.explore.channels.feature_visualisation import Drawing, DrawWish
    from tlviz.explore.channels.top_images import TopImages
    from tlviz.models.load import Network

MOST_IMAGES = 1000
"""Of larger targets so many images are looked at, from all classes in proportion."""
GRID = 3
ATLAS_COLUMNS = 10


def subject(model: str, tuned: str | None) -> Network:
    """Return the pretrained network, or the one that a run has made of it, for pictures of the same size if it can."""
    if tuned is None:
        return cached.network(model)
    size = find_model(model).preprocessing.size
    return _tuned(tuned, find_run(tuned).weights.stat().st_mtime_ns, size)


@st.cache_resource(max_entries=3, show_spinner="Loading the network …")
def _tuned(run: str, changed_ns: int, size: int) -> Network:
    from tlviz.export.bundle import load_bundle

    network = load_bundle(find_run(run).weights)
    spec = network.spec
    if spec.sizing is not Sizing.FREE or not spec.takes(size):
        return network
    return replace(network, spec=replace(spec, preprocessing=replace(spec.preprocessing, size=size)))


def sample(images: ImageSet) -> ImageSet:
    """Return the images that are looked at."""
    from tlviz.explore.channels.top_images import sample_images

    return sample_images(images, MOST_IMAGES)


def top(model: str, tuned: str | None, stage: str, version: str, images: ImageSet) -> TopImages:
    """Return the images that excite each channel of a stage most; shows a progress bar meanwhile."""
    return _top(model, tuned, (stage,), images.name, version, images)[stage]


def top_of_all(
    model: str, tuned: str | None, stages: Sequence[str], version: str, images: ImageSet
) -> dict[str, TopImages]:
    """Return the same for all stages, from one pass."""
    return _top(model, tuned, tuple(stages), images.name, version, images)


@st.cache_resource(max_entries=24, show_spinner=False)
def _top(
    model: str,
    tuned: str | None,
    stages: tuple[str, ...],
    target: str,
    version: str,
    _images: ImageSet,
) -> dict[str, TopImages]:
    from tlviz.explore.channels.top_images import top_images_of_stages

    bar = st.empty()
    try:
        return top_images_of_stages(subject(model, tuned), _images, stages, progress=_telling(bar))
    finally:
        bar.empty()


def _telling(bar: st.delta_generator.DeltaGenerator) -> Callable[[int, int], None]:
    begun = time.monotonic()

    def progress(done: int, total: int) -> None:
        left = (time.monotonic() - begun) * (total - done) / done
        bar.progress(done / total, f"Looking for what excites each channel: {done:,} of {total:,} · {left:.0f} s left")

    return progress


@st.cache_resource(max_entries=64, show_spinner=False)
def crop_side(model: str, tuned: str | None, stage: str) -> int:
    """Return the side of a stage's crops in pixels."""
    from tlviz.explore.channels.crops import crop_side

    return crop_side(subject(model, tuned), stage)


@st.cache_data(max_entries=16, show_spinner=False)
def digest(model: str, tuned: str | None) -> str:
    """Return the fingerprint of a network's weights."""
    from tlviz.explore.partial_forward import weights_digest

    return weights_digest(subject(model, tuned))


def boxes(top: TopImages, channel: int, side: int, size: int) -> list[Box]:
    """Return where the crops of a channel's top images lie."""
    from tlviz.explore.channels.crops import crop_box

    places = zip(top.rows[channel], top.columns[channel], strict=True)
    return [crop_box(side, size, top.side, int(row), int(column)) for row, column in places]


@st.cache_data(max_entries=128, show_spinner=False)
def grids(
    model: str,
    tuned: str | None,
    stage: str,
    channel: int,
    version: str,
    colour: str,
    _top: TopImages,
    _images: ImageSet,
) -> tuple[bytes, bytes]:
    """Return a channel's crops, and its whole pictures with the crops marked, as two PNGs."""
    from tlviz.figures.channel_pictures import cut_out, mark_boxes
    from tlviz.figures.sprites import tile, to_png

    pictures = [np.asarray(_images.pixels[int(at)]) for at in _top.images[channel]]
    places = boxes(_top, channel, crop_side(model, tuned, stage), _images.pixels.shape[1])
    return to_png(tile(cut_out(pictures, places), GRID)), to_png(tile(mark_boxes(pictures, places, colour), GRID))


@st.cache_data(max_entries=8, show_spinner=False)
def filters(model: str, tuned: str | None) -> tuple[Pixels, NDArray[np.float32]] | None:
    """Return the first layer's filters as pictures and as weights (C, 3, k, k), None where they are no pictures."""
    from tlviz.explore.channels.filters import filter_pictures, first_weights

    weights = first_weights(subject(model, tuned))
    return None if weights is None else (filter_pictures(weights), weights)


def drawing(model: str, tuned: str | None, wish: DrawWish) -> Drawing | None:
    """Return what was drawn before, None where nothing was."""
    from tlviz.explore.channels.feature_visualisation import kept_drawing

    return kept_drawing(digest(model, tuned), wish)


REMEMBERED = (_tuned, _top, crop_side, digest, grids, filters)
"""What is known of networks by their names."""
