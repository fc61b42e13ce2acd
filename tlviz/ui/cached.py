"""What all pages and tabs of the app share in memory: networks, decoded targets, looks.

Nothing here is ever trained or changed; training happens in the worker, on a network of its own.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from tlviz.data.doctor.findings import Report, duplicate_groups
from tlviz.data.pixels.images import ImageSet, load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, Pixels, fit_picture, open_picture
from tlviz.data.sources.exclusions import notes_path
from tlviz.finetune.choices import Augment
from tlviz.models.catalogue import find_model
from tlviz.models.spec import Stage
from tlviz.runs.store.folder import find_run
from tlviz.ui.large import wait_for_large

# torch takes seconds to import, so what needs it is imported where it is first used: the page's text comes before.
if TYPE_CHECKING:
    from tlviz.diagnose.image_map import ImageMap
    from tlviz.explore.maps.feature_maps import Look
    from tlviz.export.bundle import Agreement
    from tlviz.models.load import Network

THUMBNAIL = 64
MOST_CLASSES = 24
"""The wall of samples shows this many classes at most."""

FOLDER_CHECK_S = 60
"""A folder's listing is looked at again after this long."""


_ENLARGED = 4
"""A picture that is enlarged so many times or more is called tiny."""


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
    from tlviz.ui import cached_channels, cached_look  # they import this module

    own = (network, target_stages, own_stages, seen, projected, _images, uploaded)
    for remembered in (*own, *cached_channels.REMEMBERED):
        remembered.clear()
    cached_look.forget()


def images(target: str, model: str) -> ImageSet:
    """Return a target decoded at a network's own size, padded, without what the person has excluded.

    Shows a progress bar while it decodes; a large target is decoded by a worker, and the page waits for it.
    """
    wait_for_large(target, padded(model))
    return _images(target, model, _notes_changed(target))


def report(target: str) -> Report | None:
    """Return the doctor's report on a target as it is now, None before a look."""
    found = _report(target, _notes_changed(target))
    if found is None:  # a look may have ended meanwhile
        _report.clear()
    return found


def groups(target: str, images: ImageSet) -> NDArray[np.int64] | None:
    """Return which pictures are copies of one another, (N,), None before the doctor's look."""
    found = report(target)
    return duplicate_groups(found, images.names) if found else None


def version_of(images: ImageSet) -> str:
    """Return a fingerprint of which pictures a target holds."""
    digest = hashlib.sha256("\n".join(images.names).encode(errors="surrogateescape"))
    digest.update(np.ascontiguousarray(images.pixels[:: max(1, len(images.names) // 16)]).tobytes())
    return digest.hexdigest()[:16]


def forget_target() -> None:
    """Forget what is known of targets, because the person changed something about one."""
    for remembered in (_images, _report, sample_wall, projected):
        remembered.clear()


def _notes_changed(target: str) -> int:
    """Return when the person last changed the notes on a target."""
    path = notes_path(target)
    return path.stat().st_mtime_ns if path.exists() else 0


@st.cache_data(max_entries=8, ttl=FOLDER_CHECK_S, show_spinner=False)
def _report(target: str, notes_changed: int) -> Report | None:
    from tlviz.diagnose.doctor import known_report

    return known_report(target)


@st.cache_data(max_entries=2048, show_spinner=False)
def thumbnail(target: str, name: str, _pixels: Pixels) -> str:
    """Return a small picture as a data address."""
    small = Image.fromarray(np.ascontiguousarray(_pixels)).resize((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


@st.cache_data(max_entries=128, show_spinner=False)
def augmented(digest: str, kind: Augment, may_flip: bool, count: int, _pixels: Pixels) -> bytes:
    """Return a picture and so many augmented versions of it beside one another, as PNG."""
    import torch

    from tlviz.data.training.augment import augment_light, augment_strong
    from tlviz.figures.sprites import tile, to_png

    generator = torch.Generator().manual_seed(0)
    batch = torch.from_numpy(np.repeat(_pixels[None], count, axis=0))
    if kind is Augment.LIGHT:
        batch = augment_light(batch, may_flip=may_flip, generator=generator)
    elif kind is Augment.STRONG:
        batch = augment_strong(batch, may_flip=may_flip, generator=generator)
    return to_png(tile(np.concatenate([_pixels[None], batch.numpy()])[:, ::2, ::2], count + 1))


@st.cache_resource(max_entries=8, show_spinner=False)
def projected(target: str, model: str, version: str, _images: ImageSet) -> ImageMap:
    """Return a target's images on two axes, by a network's features; shows a progress bar meanwhile."""
    from tlviz.diagnose.image_map import map_images

    bar = st.empty()
    begun = time.monotonic()

    def progress(done: int, total: int) -> None:
        left = (time.monotonic() - begun) * (total - done) / done
        bar.progress(done / total, f"Looking at the images: {done:,} of {total:,} · {left:.0f} s left")

    try:
        return map_images(network(model), _images, progress)
    finally:
        bar.empty()


@st.cache_resource(max_entries=8, ttl=FOLDER_CHECK_S, show_spinner=False)
def _images(target: str, model: str, notes_changed: int) -> ImageSet:
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
    said = "; ".join(filter(None, (oddity, _tiny_words(image.width, image.height, geometry.size)))) or None
    return fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction), said


def _tiny_words(width: int, height: int, size: int) -> str:
    """Say so where a picture is so small that most of what a network sees of it comes from enlarging it."""
    if max(width, height) * _ENLARGED > size:
        return ""
    return f"only {width} x {height} pixels large; it is enlarged to {size}, and fine structure comes from that alone"


@st.cache_resource(max_entries=6, show_spinner=False)
def seen(model: str, digest: str, _pixels: Pixels) -> Look:
    """Return what every stage of a network makes of a picture, keyed by the picture's digest."""
    from tlviz.explore.maps.feature_maps import look

    return read_only(look(network(model), _pixels))


def read_only(look: Look) -> Look:
    """Return a look whose maps nobody can change, because all tabs share them."""
    for maps in look.maps.values():
        maps.setflags(write=False)
    return look


def digest(pixels: Pixels) -> str:
    """Return a short fingerprint of a picture."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16]


@st.cache_data(max_entries=16, show_spinner=False)
def sample_wall(target: str, model: str, version: str, columns: int, _images: ImageSet) -> list[tuple[str, int, bytes]]:
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
