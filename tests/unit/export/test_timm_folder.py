"""timm and transformers open the folder of an exported timm network, with its classes and its way of reading."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tlviz import vision
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.export.bundle import portable_weights
from tlviz.export.timm_folder import timm_config
from tlviz.models.build import build_module
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, describe

CLASSES = ('a "quoted" one', "b/c|d\nnew", "猫", "x" * 300)


def written(name: str, size: int, fit: Fit, folder: Path) -> tuple[Network, Geometry]:
    """Write a random network of an architecture as a bundle has it; return it."""
    spec = MODELS[name]
    spec = replace(spec, preprocessing=replace(spec.preprocessing, size=size, mean=(0.1, 0.2, 0.3)))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = describe(spec, build_module(spec, len(CLASSES)).eval(), CLASSES)
    geometry = Geometry.of(spec.preprocessing, size, fit)
    (folder / "config.json").write_text(json.dumps(timm_config(network, geometry)), encoding="utf-8")
    save_file(portable_weights(network), folder / "model.safetensors", {"format": "pt"})
    return network, geometry


@pytest.mark.parametrize(
    ("name", "size", "fit", "read"),
    [
        ("tf_efficientnet_lite0", 96, Fit.PAD, (1.0, "border")),
        ("test_vit3.r160_in1k", 96, Fit.CROP, (0.95, "center")),  # built for one size of picture
    ],
)
def test_timm_opens_the_folder(name: str, size: int, fit: Fit, read: tuple[float, str], tmp_path: Path) -> None:
    network, geometry = written(name, size, fit, tmp_path)
    written_config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert "num_classes" not in written_config["model_args"], "transformers passes it on beside these"
    timm = vision.timm()
    opened = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    inputs = torch.randn(2, 3, size, size)
    with torch.no_grad():
        assert torch.allclose(opened(inputs), network.module(inputs), rtol=1e-4, atol=1e-4)
    told = opened.pretrained_cfg
    assert (opened.num_classes, tuple(told["label_names"])) == (len(CLASSES), CLASSES)
    assert tuple(told["input_size"]) == (3, size, size)
    assert (tuple(told["mean"]), tuple(told["std"])) == ((0.1, 0.2, 0.3), network.spec.preprocessing.std)
    assert told["interpolation"] == geometry.interpolation
    assert (told["crop_pct"], told["crop_mode"]) == read
    assert timm.create_model(f"local-dir:{tmp_path}", pretrained=True, num_classes=2).num_classes == 2


@pytest.mark.slow  # its import alone takes ten seconds
def test_transformers_opens_the_folder(tmp_path: Path) -> None:
    network, _ = written("test_vit3.r160_in1k", 96, Fit.CROP, tmp_path)
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    opened = AutoModelForImageClassification.from_pretrained(str(tmp_path)).eval()
    inputs = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.allclose(opened(inputs).logits, network.module(inputs), rtol=1e-4, atol=1e-4)
    assert opened.config.id2label == dict(enumerate(CLASSES))
    read = AutoImageProcessor.from_pretrained(str(tmp_path)).data_config
    assert (read["input_size"], read["mean"]) == ((3, 96, 96), (0.1, 0.2, 0.3))
