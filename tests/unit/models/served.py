"""Weights served as their real servers do."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tests.servers import Server
from tlviz.models.build import build_module
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.spec import ModelSpec

CLASSES = ("ant", "bee", "cat")


def saved(tensors: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(tensors, buffer)
    return buffer.getvalue()


def torchvision_model(server: Server, content: bytes, digest: str | None = None) -> ModelSpec:
    """Serve a file as torchvision's server does and return the row that points at it."""
    name = f"net-{(digest or hashlib.sha256(content).hexdigest())[:8]}.pth"
    server.put(f"/models/{name}", content)
    return replace(MODELS["squeezenet1_1.imagenet1k_v1"], url=f"{server.address}/models/{name}")


def timm_model(server: Server, content: bytes, file: str = "model.safetensors", etag: str | None = None) -> ModelSpec:
    """Serve a file as the hub does and return the row that points at it."""
    spec = MODELS["tf_efficientnet_lite0.in1k"]
    server.put(f"/{spec.hub_id}/resolve/main/{file}", content, etag)
    return spec


def weights_of(name: str) -> dict[str, torch.Tensor]:
    spec = find_model(name)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {key: value.contiguous() for key, value in build_module(spec, 1000).state_dict().items()}


class Planted:
    """A pickle that would leave a mark if its code ran."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)
