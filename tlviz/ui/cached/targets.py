"""Targets in memory: decoded pictures, the doctor's report, sample walls, the map of images."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from tlviz.data.doctor.findings import Report
from tlviz.data.images import Form, ImageSet, load_images
from tlviz.data.pixels.pictures import Pixels
from tlviz.data.sources.notes import notes_path
from tlviz.data.sources.recent import note_recent
from tlviz.finetune.choices import Augment
from tlviz.modality import form_of
from tlviz.models.catalogue import find_model
from tlviz.ui.cached import networks
from tlviz.ui.cached.large import wait_for_large
from tlviz.ui.cached.networks import changed_at
from tlviz.ui.cached.working import Bar

if TYPE_CHECKING:
    from tlviz.diagnose.image_map import ImageMap

THUMBNAIL = 64
MOST_CLASSES = 24
"""The wall of samples shows this many classes at most."""

FOLDER_CHECK_S = 60
"""A folder's listing is looked at again after this long."""


def images(target: str, model: str) -> ImageSet:
    """Return a target decoded at a network's own size, padded, without what the person has excluded.

    Shows a progress bar while it decodes; a large target is decoded by a worker, and the page waits for it.
    """
    geometry = padded(model)
    wait_for_large(target, geometry)
    found = _images(target, geometry, notes_changed(target))
    if Path(target).is_absolute():
        count = len(found.labels) + len(found.excluded)
        note_recent(str(Path(target).resolve()), len(found.classes), count, found.medium)
    return found


def report(target: str) -> Report | None:
    """Return the doctor's report on a target as it is now, None before a check."""
    found = _report(target, notes_changed(target))
    if found is None:  # a look may have ended meanwhile
        _report.clear()
    return found


def copies(target: str) -> tuple[tuple[str, ...], ...]:
    """Return the names of pictures that are copies of one another, group by group; none before the doctor's check."""
    found = report(target)
    return found.groups if found else ()


def version_of(images: ImageSet) -> str:
    """Return a fingerprint of which pictures a target holds."""
    digest = hashlib.sha256("\n".join(images.names).encode(errors="surrogateescape"))
    digest.update(np.ascontiguousarray(images.pixels[:: max(1, len(images.names) // 16)]).tobytes())
    return digest.hexdigest()[:16]


def forget() -> None:
    """Forget what is known of targets, because the person changed something about one."""
    for remembered in (_images, _report, sample_wall, _projected):
        remembered.clear()


def notes_changed(target: str) -> int:
    """Return when the person last changed the notes on a target, 0 where there are none."""
    return changed_at(notes_path(target))


def padded(model: str) -> Form:
    """Return the geometry in which the pages show pictures to a network."""
    return form_of(find_model(model))


def projected(target: str, model: str, version: str, images: ImageSet) -> ImageMap:
    """Return a target's images on two axes, by a network's features; shows a progress bar meanwhile."""
    return _projected(target, model, networks.stamp(model), version, images)


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
    """Return a picture and this many augmented versions of it side by side, as PNG."""
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
def _projected(target: str, model: str, stamp: str, version: str, _images: ImageSet) -> ImageMap:
    from tlviz.diagnose.image_map import map_images

    with Bar("Examining the images") as progress:
        return map_images(networks.network(model), _images, progress)


@st.cache_resource(max_entries=8, ttl=FOLDER_CHECK_S, show_spinner=False)
def _images(target: str, geometry: Form, notes_changed: int) -> ImageSet:
    with Bar("Reading images") as progress:
        return load_images(target, geometry, progress)


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
