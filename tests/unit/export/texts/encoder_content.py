"""Tiny trained encoders as what is exported."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import torch

from tests.encoders import save_encoder
from tlviz.export.bundle import bundle_bytes
from tlviz.export.files.content import Content, load_content
from tlviz.finetune.config import configure
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target

CLASSES = ("bad", "góod “x”")
TEXTS = ["the film is good", "a very dull film", "not bad", "bright"]


def trained(folder: Path, kind: str, *, mean: bool) -> Network:
    """Return a tiny encoder of a kind for two classes, its head on the mean over the tokens or on the library's own."""
    save_encoder(folder, kind)
    if mean:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    network = build_for_target(find_model(str(folder)), CLASSES, pretrained=True, seed=3)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(5)
        for parameter in network.module.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    network.module.eval()
    return network


def content_of(network: Network, folder: Path) -> Content:
    """Return what is exported of a run with this encoder, its weights in a file of a folder."""
    config = configure(network.spec.name, "reviews", "full", image_size=64)
    weights = folder / f"{uuid.uuid4().hex}.safetensors"
    weights.write_bytes(bundle_bytes(network, config, {"epoch": 3, "val_accuracy": 0.5}))
    return load_content(weights, "run-1")
