"""One picture as a network gets it: of a target, from a file, or pixels; the pages prepare theirs here too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.opening import read_file
from tlviz.data.pixels.pictures import Pixels, decode_picture, fit_picture, to_rgb
from tlviz.data.pixels.ranges import own_depth
from tlviz.data.sources.folder import given_path
from tlviz.errors import BadPictureError, UnknownNameError
from tlviz.models.spec import Sizing

if TYPE_CHECKING:
    from tlviz.models.load import Network

SHOWCASE = ("zebra", "tiger", "tigre")
_ENLARGED = 4
"""A picture that is enlarged at least this many times is called tiny."""


def first_picture(names: Sequence[str]) -> str:
    """Return the name of a picture whose stages are easy to read, where a target has one."""
    named = (name for word in SHOWCASE for name in names if PurePath(name).stem.startswith(word))
    return next(named, names[0])


def find_picture(names: Sequence[str], name: str) -> int:
    """Return the place of a picture among those of a target.  Raises ``UnknownNameError`` with the nearest names."""
    if name not in names:
        raise UnknownNameError("picture", name, names)
    return list(names).index(name)


def find_true_class(names: Sequence[str], classes: Sequence[str]) -> int | None:
    """Return the number of a picture's class among a network's: by its label's name, or by its file's.

    None where the network knows neither, or two of its classes have that name.
    """
    known = [_bare(name) for name in classes]
    for name in names:
        for bare in (_bare(name), _bare(PurePath(name).stem)):
            if bare and known.count(bare) == 1:
                return known.index(bare)
    return None


def _bare(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").strip().casefold()


def square_of(content: bytes, name: str, geometry: Geometry) -> tuple[Pixels, str | None]:
    """Decode a picture's file and make it square; the second value says what was odd about it, or is None.

    Without a range for deep pictures in the geometry, a deep picture's own serves.  Raises ``BadPictureError``.
    """
    depth = geometry.depth
    opened = decode_picture(content, name, depth=depth)
    if opened.deep is not None and depth.value_range is None:
        depth = own_depth(opened.deep, depth)
    image, oddity = to_rgb(opened, name, depth), opened.notes(depth)
    said = "; ".join(filter(None, (oddity, _tiny_words(image.width, image.height, geometry.size)))) or None
    return fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction), said


def read_square(path: str | Path, geometry: Geometry) -> Pixels:
    """Read a picture's file and make it square.  Raises ``BadPictureError`` where it cannot be read."""
    file = given_path(str(path))
    try:
        content = read_file(file)
    except OSError as error:
        raise BadPictureError(f"{file} cannot be read: {error.strerror or error}.") from error
    return square_of(content, file.name, geometry)[0]


def fit_pixels(network: Network, pixels: Pixels) -> Pixels:
    """Return a picture in a size that a network takes: as it is, or where its architecture is fixed, in its own."""
    size = network.spec.preprocessing.size
    if network.spec.sizing is Sizing.FREE or pixels.shape[0] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))


def at_size(network: Network, size: int) -> Network:
    """Return a network for pictures of another size than its own, where its architecture takes that."""
    spec = network.spec
    if spec.sizing is not Sizing.FREE or not spec.takes(size):
        return network
    return replace(network, spec=replace(spec, preprocessing=replace(spec.preprocessing, size=size)))


def _tiny_words(width: int, height: int, size: int) -> str:
    """Warn where a picture is so small that most of what a network sees of it comes from enlarging it."""
    if max(width, height) * _ENLARGED > size:
        return ""
    return f"only {width} x {height} pixels large; it is enlarged to {size}, so fine structure in it is an artefact"
