"""What is exported: a run's network with all that must be said about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tlviz.errors import BadWeightsError, TlvizError
from tlviz.export.bundle import Bundle, load_bundle, read_header
from tlviz.export.media import export_side
from tlviz.export.run_images import RunImages, load_run_images
from tlviz.medium import Medium
from tlviz.models.imported import exported_model, read_metadata
from tlviz.models.load import Network

T = TypeVar("T")


class CannotExportError(TlvizError):
    """A network that one format cannot express, or a package that writing it needs and that is not installed."""


@dataclass(frozen=True, slots=True)
class Content:
    """A run's chosen weights as a network in eval mode, and what its files say about them.

    ``header`` is what the weights' file says, ``metadata`` the same word by word; ``geometry`` how pictures
    become square, or texts tokens; ``run`` the run's name.
    """

    network: Network
    header: Bundle
    geometry: Any
    metadata: Mapping[str, str]
    run: str
    _made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def medium(self) -> Medium:
        """What the network takes."""
        return self.network.spec.medium

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what several files are made from, made when it is first asked for."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made


def load_content(weights: Path, run: str) -> Content:
    """Load what is exported from a file of weights that a run has saved.

    Raises ``BadWeightsError`` where the file is missing, damaged or does not say how pictures are made square.
    """
    header = read_header(weights)
    medium = exported_model(weights).medium
    try:
        geometry = export_side(medium).read_form(header)
    except (KeyError, TypeError, ValueError) as error:
        what = "pictures are made square" if medium is Medium.PICTURES else "texts become tokens"
        raise BadWeightsError(f"The weights {weights} do not state how {what} ({error}).") from error
    network = load_bundle(weights)
    metadata = read_metadata(weights) | {"architecture": network.spec.architecture, "run": run}
    return Content(network, header, geometry, metadata, run)


def images_of(content: Content) -> RunImages:
    """Return the run's images as it parted them, read once.  Raises as ``load_run_images``."""
    return content.once("images", lambda: load_run_images(content.header))


def preprocessing(content: Content) -> dict[str, Any]:
    """Return all that turns the file of a picture into the network's input, as ``preprocessing.json`` has it."""
    weights, network = content.network.spec.pixels, content.network
    values: dict[str, Any] = content.geometry.to_json() | {
        "mean": list(weights.mean),
        "std": list(weights.std),
        "fill": "white",
    }
    return values | {
        "background": "white",
        "input": {"name": "pixels", "type": "float32", "shape": ["N", 3, values["size"], values["size"]]},
        "output": {"name": "logits", "type": "float32", "shape": ["N", len(network.classes)]},
        "steps": _steps(values),
    }


def _steps(values: Mapping[str, Any]) -> list[str]:
    """Say in words what the scripts do, for whoever does it in another language."""
    size, depth = values["size"], json.dumps(values.get("depth") or {})
    if values["fit"] == "pad":
        fit = f"scale the longer side to {size} and centre the picture on a square of the colour 'fill'"
    else:
        fit = f"take a square of 'crop_fraction' of the shorter side from the centre and scale it to {size}"
    return [
        "decode the first frame and turn it upright by its EXIF orientation",
        "put it on the colour 'background' where it is transparent",
        f"bring more than 8 bits a value to 0 to 255 by one range ({depth}; else that of the format), then to RGB",
        f"{fit}, with Pillow's {values['interpolation']} resampling (which is antialiased)",
        "divide by 255, subtract 'mean', divide by 'std'; colours first: (N, 3, size, size)",
    ]
