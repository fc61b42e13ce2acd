"""What a function looks at: a network, pretrained or of a run, and a picture as it gets it."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tlviz.api.networks import LoadedNetwork, Source, load_network
from tlviz.api.pictures import find_picture, first_picture, fit_pixels, read_square
from tlviz.api.targets import Data, open_target
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadPictureError, BadSettingError, UnknownNameError
from tlviz.medium import Medium
from tlviz.models.spec import ModelSpec
from tlviz.runs.named import named_run

if TYPE_CHECKING:
    from tlviz.models.load import Network

Picture = str | PathLike[str] | NDArray[np.uint8]
"""A picture's name in the target, its file, or its pixels, uint8 (S, S, 3)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A network, and a picture as it gets it: uint8 (S, S, 3); ``label`` is its class in the target, '' for none."""

    network: Network
    pixels: Pixels
    name: str
    label: str = ""


def find_subject(
    model: Source, data: Data | None, picture: Picture | None, run: str | None, *, progress: bool
) -> Subject:
    """Return what is to be looked at; the same picture for a pretrained network and for its runs.

    Raises ``UnknownNameError`` for a picture that is not in the target, ``BadPictureError`` for a file that is none.
    """
    source = load_network(model)
    if source.spec.medium is not Medium.PICTURES:
        raise BadSettingError(
            f"{source.spec.title} takes {source.spec.medium}, not pictures; use tlviz.attribute_text or "
            "tlviz.look_at_text for it."
        )
    name, pixels, label = _picture(source.spec, data, picture, progress=progress)
    network = load_run(run) if run else source
    return Subject(network.network, fit_pixels(network.network, pixels), name, label)


def load_run(run: str) -> LoadedNetwork:
    """Load the network of a run's best weights; ``run`` is any of its names, or ``last``.

    Raises ``UnknownNameError``, ``RunNameError``, and ``BadWeightsError`` where it has saved none.
    """
    from tlviz.export.bundle import load_bundle

    found = named_run(run)
    if not found.weights.exists():
        from tlviz.errors import BadWeightsError

        raise BadWeightsError(f"The run {found.name} has saved no weights yet.")
    return LoadedNetwork(load_bundle(found.weights), found.name)


def _picture(spec: ModelSpec, data: Data | None, picture: Picture | None, *, progress: bool) -> tuple[str, Pixels, str]:
    if isinstance(picture, np.ndarray):
        return "pixels", _checked(picture), ""
    if data is None:
        if picture is None:
            raise BadSettingError("There is no picture to look at: give data, or the file of a picture.")
        return str(picture), read_square(str(picture), Geometry.of(spec.pixels)), ""
    images = open_target(data, progress=progress).images(spec.name)
    name = first_picture(images.names) if picture is None else str(picture)
    try:
        at = find_picture(images.names, name)
        return name, np.asarray(images.pixels[at]), images.classes[images.labels[at]]
    except UnknownNameError:
        try:
            return name, read_square(name, Geometry.of(spec.pixels, depth=images.depth)), ""
        except BadPictureError:
            pass
        raise


def _checked(pixels: NDArray[np.uint8]) -> Pixels:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[0] != pixels.shape[1] or pixels.shape[2] != 3:
        raise BadSettingError(
            f"The picture is an array of {pixels.dtype} and shape {pixels.shape}; it must be uint8 and (side, side, 3)."
        )
    return pixels
