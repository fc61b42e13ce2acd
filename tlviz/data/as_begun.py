"""A target as a run began with it, whatever an earlier version read differently."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from tlviz.data.images import Form, ImageSet, Progress, load_opened, open_target
from tlviz.data.sources.reading import Layout, ReadAs
from tlviz.data.sources.target import Target
from tlviz.errors import BadDatasetError, BadSettingError


def load_as_begun(
    name: str,
    geometry: Form,
    read_as: ReadAs,
    classes: Sequence[str],
    progress: Progress | None = None,
    *,
    find_range: bool = False,
) -> ImageSet:
    """Load a target with the classes of a run in their order; without ``classes``, which a new run has not, as it is.

    ``find_range`` is as in ``ingest``.  Raises what ``load_images`` raises.
    """
    target = open_as_begun(name, read_as, classes) if classes else open_target(name, read_as=read_as)
    return as_trained(load_opened(name, target, geometry, progress, find_range=find_range), classes)


def open_as_begun(name: str, read_as: ReadAs, classes: Sequence[str]) -> Target:
    """Open a target so that it has the classes of a run: by ``read_as``, where that still gives them.

    Versions before took some parts for classes; a run of theirs goes on with what it began with.
    Raises what ``open_target`` raises.
    """
    layouts = (None, *Layout) if read_as.layout is None else (read_as.layout,)
    for layout in layouts:
        with suppress(BadDatasetError, BadSettingError):  # a layout is of folders only
            target = open_target(name, read_as=replace(read_as, layout=layout), must_train=False)
            if set(target.classes) == set(classes):
                return target
    return open_target(name, read_as=read_as)


def as_trained(images: ImageSet, classes: Sequence[str]) -> ImageSet:
    """Return a target with its classes numbered as a run did: versions before sorted numbers as text.

    Where these are other classes, the target is returned as it is.
    """
    if tuple(classes) == images.classes or set(classes) != set(images.classes):
        return images
    number = {name: at for at, name in enumerate(classes)}
    numbers = np.array([number[name] for name in images.classes], dtype=np.int64)
    return replace(images, classes=tuple(classes), labels=numbers[images.labels])
