"""The exported file: weights, class names and preprocessing together, and its check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from tlviz import __version__
from tlviz.errors import BadWeightsError
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.lora import plain_state
from tlviz.modality import modality_of
from tlviz.models.imported import exported_model
from tlviz.models.load import Network, describe
from tlviz.models.media import side_of


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the header of an exported file says, all that is needed to use the weights with the plain library."""

    model: str
    provider: str
    classes: tuple[str, ...]
    preprocessing: Mapping[str, Any]
    training: Mapping[str, Any]


def bundle_bytes(network: Network, config: FinetuneConfig, training: Mapping[str, Any]) -> bytes:
    """Return a safetensors file of a network whose header holds classes, preprocessing and how it was trained."""
    preprocessing, more = modality_of(network.spec).card(network.spec, config.geometry)
    header = {
        "format": "pt",
        "made_with": f"tlviz {__version__}",
        "model": network.spec.name,
        "provider": network.spec.provider,
        "architecture": network.spec.architecture,
        "classes": json.dumps(network.classes),
        "preprocessing": json.dumps(preprocessing),
        "transform_input": json.dumps(network.spec.transform_input),
        "training": json.dumps(dict(training) | {"settings": asdict(config)}),
    }
    header |= more
    return save(portable_weights(network), metadata=header)


def portable_weights(network: Network) -> dict[str, Tensor]:
    """Return a network's tensors on the CPU in plain layout, named as in the library's own architecture."""
    return {name: value.detach().cpu().contiguous() for name, value in plain_state(network.module).items()}


def read_header(path: Path) -> Bundle:
    """Read the header of an exported file.

    Raises ``BadWeightsError`` where it is missing, damaged or has no such header.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
        said = {name: json.loads(header[name]) for name in ("preprocessing", "training")}
        if not all(isinstance(values, dict) for values in said.values()):
            raise ValueError("the header is damaged")
        return Bundle(
            model=header["model"],
            provider=header["provider"],
            classes=tuple(map(str, json.loads(header["classes"]))),
            preprocessing=said["preprocessing"],
            training=said["training"],
        )
    except (OSError, SafetensorError) as error:
        raise BadWeightsError(f"The weights {path} cannot be read: {error}; the run may not have saved any.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadWeightsError(
            f"The weights {path} contain no class names and preprocessing written by tlviz ({error})."
        ) from error


def read_bundle(path: Path) -> tuple[Bundle, dict[str, Tensor]]:
    """Read the header and the tensors of an exported file.  Raises ``BadWeightsError`` as ``read_header``."""
    return read_header(path), load_file(path)


def load_bundle(path: Path) -> Network:
    """Build the network of an exported file with the plain library and its header, and nothing else, in eval mode.

    Raises ``BadWeightsError`` as ``read_header``, and where the tensors do not fit the architecture.
    """
    bundle, weights = read_bundle(path)
    spec = exported_model(path)
    module = side_of(spec).build_network(spec, len(bundle.classes))
    try:
        module.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise BadWeightsError(f"The weights {path} do not fit {spec.architecture}: {error}") from error
    return describe(spec, module.eval(), bundle.classes)
