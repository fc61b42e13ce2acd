"""What all pages and tabs of the app share in memory: networks, decoded targets, looks.

Nothing here is ever trained or changed; training happens in the worker, on a network of its own.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlviz.data.images import ImageSet, load_images
from tlviz.data.ingest import Geometry
from tlviz.data.pictures import Fit, Pixels, fit_picture, open_picture
from tlviz.models.catalogue import find_model
from tlviz.models.spec import Stage
from tlviz.runs.folder import find_run

# torch takes seconds to import, so what needs it is imported where it is first used: the page's text comes before.
if TYPE_CHECKING:
    from tlviz.explore.feature_maps import Look, Order
    from tlviz.export.bundle import Agreement
    from tlviz.models.load import Network

MOST_CLASSES = 24
"""The wall of samples shows this many classes at most."""

FOLDER_CHECK_S = 60
"""A folder's listing is looked at again after this long."""


@st.cache_resource(max_entries=4, show_spinner="Loading the network …")
def network(name: str) -> Network:
    """Return a pretrained network, one copy for the whole app."""
    from tlviz.models.load import load_network

    return load_network(find_model(name))


@st.cache_resource(max_entries=16, show_spinner="Loading the network …")
def target_stages(name: str, class_count: int) -> tuple[Stage, ...]:
    """Return a network's stages as they are when its head is new for this many classes."""
    from tlviz.models.load import architecture_stages

    return architecture_stages(find_model(name), class_count)


@st.cache_resource(max_entries=32, show_spinner="Building the architecture …")
def own_stages(name: str, *, grouped: bool = True) -> tuple[Stage, ...]:
    """Return the stages a network was pretrained with, or every block of it; no weights are read."""
    from tlviz.models.load import architecture_stages

    spec = find_model(name)
    return architecture_stages(spec, spec.class_count, grouped=grouped)


def forget_networks() -> None:
    """Forget what is known of networks by their names, because a name may now mean another one."""
    for remembered in (network, target_stages, own_stages, seen):
        remembered.clear()


@st.cache_resource(max_entries=8, ttl=FOLDER_CHECK_S, show_spinner=False)
def images(target: str, model: str) -> ImageSet:
    """Return a target decoded at a network's own size, padded; shows a progress bar while it decodes."""
    bar = st.empty()

    def progress(done: int, total: int) -> None:
        if done == total or done % 100 == 0:
            bar.progress(done / total, f"Reading images: {done:,} of {total:,}")

    try:
        return load_images(target, padded(model), progress)
    finally:
        bar.empty()


def padded(model: str) -> Geometry:
    """Return the geometry in which the pages show pictures to a network."""
    weights = find_model(model).preprocessing
    return Geometry(weights.size, Fit.PAD, weights.interpolation, weights.crop_fraction)


@st.cache_data(max_entries=32, show_spinner=False)
def uploaded(content: bytes, name: str, model: str) -> tuple[Pixels, str | None]:
    """Decode an uploaded picture for a network; the second value says what was odd about it, or is None."""
    image, oddity = open_picture(content, name)
    geometry = padded(model)
    return fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction), oddity


@st.cache_resource(max_entries=16, show_spinner=False)
def seen(model: str, digest: str, _pixels: Pixels) -> Look:
    """Return what every stage of a network makes of a picture, keyed by the picture's digest."""
    from tlviz.explore.feature_maps import look

    return look(network(model), _pixels)


def digest(pixels: Pixels) -> str:
    """Return a short fingerprint of a picture."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16]


@st.cache_data(max_entries=256, show_spinner=False)
def channel_sheet(
    model: str, digest: str, stage: str, order: Order, count: int, columns: int, _look: Look
) -> tuple[bytes, list[tuple[int, float]]]:
    """Return a stage's first channels as one PNG, and each one's number and mean absolute activation."""
    from tlviz.explore.feature_maps import rank_channels
    from tlviz.figures.sprites import paint, tile, to_png

    maps = _look.maps[stage]
    chosen = rank_channels(maps, order)[:count]
    sheet = to_png(tile(paint(maps[chosen]), columns))
    return sheet, [(int(channel), float(abs(maps[channel]).mean())) for channel in chosen]


@st.cache_data(max_entries=16, show_spinner=False)
def sample_wall(target: str, model: str, columns: int, _images: ImageSet) -> list[tuple[str, int, bytes]]:
    """Return the first classes: name, number of images and a strip of up to ``columns`` pictures as PNG."""
    from tlviz.figures.sprites import tile, to_png

    wall = []
    for label, name in enumerate(_images.classes[:MOST_CLASSES]):
        members = (_images.labels == label).nonzero()[0]
        step = max(1, len(members) // columns)
        pictures = _images.pixels[members[::step][:columns]][:, ::2, ::2]
        wall.append((name, len(members), to_png(tile(pictures, len(pictures)))))
    return wall


@st.cache_data(max_entries=4, show_spinner=False)
def bundle(run_name: str, changed_ns: int) -> tuple[bytes, Mapping[str, Any]]:
    """Return a run's best weights as one file, and what its header says of their training."""
    from tlviz.export.bundle import read_header

    weights = find_run(run_name).weights
    return weights.read_bytes(), read_header(weights).training


def checked_export(run_name: str, progress: Callable[[int, int], None]) -> Agreement | None:
    """Export a run into a temporary folder and return how the reloaded file agrees with it, None without images."""
    from tlviz.export.formats import Format, export_run

    with tempfile.TemporaryDirectory(prefix="tlviz-") as folder:
        exported = export_run(find_run(run_name), Path(folder), [Format.SAFETENSORS], progress)
    return exported.checks[Format.SAFETENSORS]
