"""Reading weights from this machine as checked tensors; nothing here connects to anything or executes a pickle."""

from __future__ import annotations

import hashlib
import pickle
import struct
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

from tlviz import vision
from tlviz.errors import BadWeightsError
from tlviz.models.local_weights import need_weights
from tlviz.models.spec import ModelSpec, Provider, Sizing
from tlviz.program import command

_DAMAGE = (
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    *(struct.error, SafetensorError),
)
"""What reading raises where a file is damaged or of another kind."""
NAMED = 3
"""A message names at most this many tensors."""


def read_weights(spec: ModelSpec, side: int | None = None) -> dict[str, Tensor]:
    """Read a network's weights as float32 tensors, named as its library names them.

    For a ``side`` other than the network's own, timm's code fits what depends on it, such as position embeddings;
    other weights are returned as they are stored.  Raises ``BadWeightsError`` where the file is missing, damaged or
    not what it should be, or has to be downloaded first.
    """
    path = need_weights(spec)
    is_resized = spec.sizing is not Sizing.FREE and side not in (None, spec.preprocessing.size)
    if spec.weights is not None:
        tensors = _read_checked(spec, path)
        return _as_float(_read_timm(spec, path, side) if spec.provider is Provider.TIMM and is_resized else tensors)
    tensors = _read_timm(spec, path, side) if spec.provider is Provider.TIMM else read_tensors(path)
    return _as_float(_finite(spec, tensors))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file or a ``state_dict`` saved with torch.  Raises ``BadWeightsError``."""
    content = read_file(path)
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise BadWeightsError(f"The file {path} holds no state_dict of tensors.")
    return content


def read_file(path: Path) -> Any:
    """Read what a weights file holds, without ever executing code of it.  Raises ``BadWeightsError``."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadWeightsError(
            f"The file {path} was refused: it is not a plain weights file and could run code when opened. "
            "Save the network's state_dict alone, best as safetensors."
        ) from error
    except _DAMAGE as error:
        raise BadWeightsError(
            f"The weights {path} cannot be read ({_first_line(error)}); the file is damaged or not a weights file."
        ) from error


def check_file(spec: ModelSpec) -> Path:
    """Return a network's weights file once its content is what the specification says.  Raises ``BadWeightsError``."""
    path = need_weights(spec)
    if spec.sha256:
        _content(spec, path)
    return path


def _read_checked(spec: ModelSpec, path: Path) -> dict[str, Tensor]:
    """Read a file whose checksum the specification holds; one without a checksum is the person's to change."""
    try:
        return dict(load(_content(spec, path)))
    except SafetensorError as error:
        raise BadWeightsError(f"The weights of {spec.name} at {path} are not a safetensors file: {error}.") from error


def _content(spec: ModelSpec, path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        remedy = "Restore the assets folder of the program." if spec.bundled else "Import it again."
        raise BadWeightsError(
            f"The weights of {spec.name} cannot be read at {path}: {error.strerror}. {remedy}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if spec.sha256 and found != spec.sha256:
        remedy = "Restore the file from the program's assets." if spec.bundled else "Import it again."
        raise BadWeightsError(
            f"The weights of {spec.name} at {path} are damaged (checksum {found[:12]}… instead of "
            f"{spec.sha256[:12]}…). {remedy}"
        )
    return content


def _read_timm(spec: ModelSpec, path: Path, side: int | None) -> dict[str, Tensor]:
    """Let timm read a file, which knows how its checkpoints were written, and return what it made of it."""
    source: dict[str, Any] = {"file": str(path)} | ({"num_classes": spec.class_count} if spec.own else {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = vision.timm().create_model(
                spec.architecture,
                pretrained=True,
                pretrained_cfg=spec.tag or None,
                pretrained_cfg_overlay=source,
                num_classes=spec.class_count,
                **spec.size_keywords(side or spec.preprocessing.size),
            )
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, SafetensorError, pickle.UnpicklingError) as error:
        raise BadWeightsError(
            f"The weights of {spec.name} at {path} cannot be read ({_first_line(error)}); delete them with: "
            f"{command(f'models delete {spec.name}')}, and download them again."
        ) from error
    return dict(module.state_dict())


def _finite(spec: ModelSpec, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    empty = [name for name, value in tensors.items() if value.is_floating_point() and not value.isfinite().all()]
    if empty:
        more = f" and {len(empty) - NAMED} more" if len(empty) > NAMED else ""
        raise BadWeightsError(
            f"The weights of {spec.name} contain only a part of the network: {', '.join(empty[:NAMED])}{more} are not "
            "finite. Choose other weights of this architecture."
        )
    return tensors


def _as_float(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
