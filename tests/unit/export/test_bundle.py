"""What is exported gives the same answers wherever it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tlviz import vision
from tlviz.errors import BadWeightsError
from tlviz.export.bundle import bundle_bytes, load_bundle
from tlviz.finetune.config import configure
from tlviz.models.catalogue import BUNDLED, MODELS
from tlviz.models.load import Network, build_for_target


def trained(name: str) -> Network:
    """Return a network whose tensors are no longer those of the catalogue."""
    network = build_for_target(MODELS[name], ("ant", "bée"), pretrained=True, seed=3)
    with torch.no_grad():
        for parameter in network.module.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize("name", BUNDLED)
def test_a_reloaded_export_gives_bit_identical_logits(name: str, tmp_path: Path) -> None:
    network = trained(name)
    path = tmp_path / "bundle.safetensors"
    path.write_bytes(bundle_bytes(network, configure(name, "clipart", "full", image_size=96), {"epoch": 3}))
    batch = torch.randn(4, 3, 96, 96).contiguous(memory_format=torch.channels_last)
    plain = (
        vision.torchvision().models.get_model(name, num_classes=2)
        if MODELS[name].provider == "torchvision"
        else vision.timm().create_model(name, num_classes=2)
    )
    plain.load_state_dict(load_file(path))
    reloaded = load_bundle(path)
    with torch.no_grad():
        expected = network.module(batch)
        assert torch.equal(reloaded.module(batch), expected)
        assert torch.equal(plain.eval().to(memory_format=torch.channels_last)(batch), expected)
    assert reloaded.classes == ("ant", "bée")


def test_the_header_holds_all_that_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "bundle.safetensors"
    settings = configure("squeezenet1_1", "clipart", "full", image_size=96)
    path.write_bytes(bundle_bytes(trained("squeezenet1_1"), settings, {"epoch": 3}))
    with safe_open(path, "pt") as file:
        header = file.metadata()
    assert json.loads(header["preprocessing"]) == {
        "size": 96,
        "fit": "pad",
        "interpolation": "bilinear",
        "crop_fraction": 0.875,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "fill": "white",
    }
    assert json.loads(header["training"])["settings"]["strategy"] == "full"


def test_files_without_a_header_or_of_another_shape_are_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "plain.safetensors")
    with pytest.raises(BadWeightsError, match="contain no class names"):
        load_bundle(tmp_path / "plain.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(BadWeightsError, match="cannot be read"):
        load_bundle(tmp_path / "cut.safetensors")
    with pytest.raises(BadWeightsError, match="cannot be read"):
        load_bundle(tmp_path / "missing.safetensors")
