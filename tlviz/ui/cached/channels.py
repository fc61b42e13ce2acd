"""What the Channels page keeps in memory: top images, crop sizes, finished pictures.  All of it is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from tlviz.api.channels import MOST_IMAGES
from tlviz.data.images import ImageSet
from tlviz.data.pixels.pictures import Pixels
from tlviz.ui.cached.networks import network_at_source_size, stamp
from tlviz.ui.cached.working import Bar

if TYPE_CHECKING:
    from tlviz.explore.channels.crops import CropBox
    from tlviz.explore.channels.feature_visualisation import Visualisation, VisualisationRequest
    from tlviz.explore.channels.top_images import TopImages

GRID = 3
ATLAS_COLUMNS = 10


def sample(images: ImageSet) -> ImageSet:
    """Return the images that are looked at."""
    from tlviz.explore.channels.top_images import sample_images

    return sample_images(images, MOST_IMAGES)


def top(model: str, tuned: str | None, stage: str, version: str, images: ImageSet) -> TopImages:
    """Return the images that excite each channel of a stage most; shows a progress bar meanwhile."""
    return _top(model, tuned, stamp(model, tuned), (stage,), images.name, version, images)[stage]


def top_of_all(
    model: str, tuned: str | None, stages: Sequence[str], version: str, images: ImageSet
) -> dict[str, TopImages]:
    """Return the same for all stages, from one pass."""
    return _top(model, tuned, stamp(model, tuned), tuple(stages), images.name, version, images)


@st.cache_resource(max_entries=24, show_spinner=False)
def _top(
    model: str,
    tuned: str | None,
    stamp: str,
    stages: tuple[str, ...],
    target: str,
    version: str,
    _images: ImageSet,
) -> dict[str, TopImages]:
    from tlviz.explore.channels.top_images import top_images_of_stages

    with Bar("Finding what excites each channel") as progress:
        return top_images_of_stages(network_at_source_size(model, tuned), _images, stages, progress=progress)


def crop_side(model: str, tuned: str | None, stage: str) -> int:
    """Return the side of a stage's crops in pixels."""
    return _crop_side(model, tuned, stamp(model, tuned), stage)


@st.cache_resource(max_entries=64, show_spinner=False)
def _crop_side(model: str, tuned: str | None, stamp: str, stage: str) -> int:
    from tlviz.explore.channels.crops import crop_side

    return crop_side(network_at_source_size(model, tuned), stage)


def boxes(top: TopImages, channel: int, side: int, size: int) -> list[CropBox]:
    """Return where the crops of a channel's top images lie."""
    from tlviz.explore.channels.crops import crop_box

    places = zip(top.rows[channel], top.columns[channel], strict=True)
    return [crop_box(side, size, top.side, int(row), int(column)) for row, column in places]


def grids(
    model: str, tuned: str | None, stage: str, channel: int, version: str, colour: str, top: TopImages, images: ImageSet
) -> tuple[bytes, bytes]:
    """Return a channel's crops, and its whole pictures with the crops marked, as two PNGs."""
    side = crop_side(model, tuned, stage)
    return _grids(stamp(model, tuned), stage, channel, version, colour, side, top, images)


@st.cache_data(max_entries=128, show_spinner=False)
def _grids(
    stamp: str,
    stage: str,
    channel: int,
    version: str,
    colour: str,
    side: int,
    _top: TopImages,
    _images: ImageSet,
) -> tuple[bytes, bytes]:
    from tlviz.figures.channel_pictures import cut_out, mark_boxes
    from tlviz.figures.sprites import tile, to_png

    pictures = [np.asarray(_images.pixels[int(at)]) for at in _top.images[channel]]
    places = boxes(_top, channel, side, _images.pixels.shape[1])
    return to_png(tile(cut_out(pictures, places), GRID)), to_png(tile(mark_boxes(pictures, places, colour), GRID))


def filters(model: str, tuned: str | None) -> tuple[Pixels, NDArray[np.float32]] | None:
    """Return the first layer's filters as pictures and as weights (C, 3, k, k), None where they are no pictures."""
    return _filters(model, tuned, stamp(model, tuned))


@st.cache_data(max_entries=8, show_spinner=False)
def _filters(model: str, tuned: str | None, stamp: str) -> tuple[Pixels, NDArray[np.float32]] | None:
    from tlviz.explore.channels.filters import filter_pictures, first_weights

    weights = first_weights(network_at_source_size(model, tuned))
    return None if weights is None else (filter_pictures(weights), weights)


def visualisation(model: str, tuned: str | None, request: VisualisationRequest) -> Visualisation | None:
    """Return the picture that was made before for a channel, None where there is none."""
    from tlviz.explore.channels.feature_visualisation import kept_visualisation

    return kept_visualisation(_weights_digest(model, tuned, stamp(model, tuned)), request)


@st.cache_data(max_entries=16, show_spinner=False)
def _weights_digest(model: str, tuned: str | None, stamp: str) -> str:
    from tlviz.explore.partial_forward import weights_digest

    return weights_digest(network_at_source_size(model, tuned))
