"""The weights alone: safetensors and torch's own file, in 32 bits and in 16."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from tlviz.export.bundle import portable_weights
from tlviz.export.files.content import Content


def write_safetensors(content: Content, path: Path) -> None:
    """Write the weights with all that is needed to use them in the header."""
    save_file(_weights(content), path, metadata=dict(content.metadata))


def write_pt(content: Content, path: Path) -> None:
    """Write the plain ``state_dict``."""
    torch.save(_weights(content), path)


def write_half_safetensors(content: Content, path: Path) -> None:
    """Write the weights rounded to 16 bits, with the same header."""
    save_file(halved(_weights(content)), path, metadata=dict(content.metadata))


def write_half_pt(content: Content, path: Path) -> None:
    """Write the ``state_dict`` rounded to 16 bits."""
    torch.save(halved(_weights(content)), path)


def halved(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with floats of 16 bits; what is too large for them becomes the largest that they hold."""
    most = torch.finfo(torch.float16).max
    return {
        name: value.clamp(-most, most).half() if value.is_floating_point() else value for name, value in weights.items()
    }


def _weights(content: Content) -> dict[str, Tensor]:
    return content.once("weights", lambda: portable_weights(content.network))
