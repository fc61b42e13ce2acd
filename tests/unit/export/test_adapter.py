"""The adapter of a LoRA run, put on the plain network, answers as the run does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load
from torch import Tensor, nn

from tlviz import vision
from tlviz.errors import BadWeightsError
from tlviz.export.adapter import Adapter, has_adapter, lora_adapter
from tlviz.export.bundle import bundle_bytes, load_bundle, read_header
from tlviz.finetune import lora
from tlviz.finetune.choices import Tune
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.models.catalogue import find_model
from tlviz.models.checkpoint import import_checkpoint
from tlviz.models.load import Network, build_for_target
from tlviz.models.stages import picture_sample

CLASSES = ("ant", "bee", "fly")
RANK = 2


@pytest.fixture
def config(tmp_path: Path) -> FinetuneConfig:
    """Return the settings of a LoRA run on a person's own, random transformer."""
    name = "test_vit.r160_in1k"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = vision.timm().create_model("test_vit", num_classes=5)
    torch.save(module.state_dict(), tmp_path / "mine.pt")
    import_checkpoint(tmp_path / "mine.pt", name, tuple("abcde"), "mine")
    return configure("mine", "clipart", "full", tune=Tune.LORA, lora_rank=RANK, image_size=64)


def source(config: FinetuneConfig, seed: int = 0) -> Network:
    return build_for_target(find_model("mine"), CLASSES, pretrained=True, seed=seed, size=config.image_size)


def trained(config: FinetuneConfig, path: Path) -> dict[str, Tensor]:
    """Save a network whose adapters and head were changed; return all of its tensors, A and B among them."""
    network = source(config)
    lora.inject(network.module, network.stages, frozenset(), RANK, 0, picture_sample(64))
    with torch.no_grad():
        for name, parameter in network.module.named_parameters():
            if ".lora_" in name or name.startswith("head."):
                nn.init.normal_(parameter, std=0.1)
    path.write_bytes(bundle_bytes(network, config, {"epoch": 1}))
    return dict(network.module.state_dict())


def adapter_of(path: Path) -> tuple[Adapter, dict[str, Tensor]]:
    made = lora_adapter(load_bundle(path), read_header(path))
    return made, load(made.files["adapter_model.safetensors"])


def test_the_adapter_is_what_was_trained(config: FinetuneConfig, tmp_path: Path) -> None:
    """2 B A of the file is that of the run, the head is whole, nothing else is in it; W + 2 B A answers as the run."""
    held = trained(config, tmp_path / "run.safetensors")
    made, tensors = adapter_of(tmp_path / "run.safetensors")
    said = json.loads(made.files["adapter_config.json"])
    assert (said["peft_type"], said["r"], said["lora_alpha"]) == ("LORA", RANK, 2 * RANK)
    assert set(said["target_modules"]) == {name.partition(".lora_A")[0] for name in held if ".lora_A" in name}
    assert said["modules_to_save"] == ["head"]
    for path in said["target_modules"]:
        a, b = (tensors[f"base_model.model.{path}.lora_{letter}.weight"] for letter in "AB")
        known_a, known_b = (held[f"{path}.lora_{letter}.default.weight"] for letter in "AB")
        assert (a.shape, b.shape) == (known_a.shape, known_b.shape)
        assert torch.allclose(b @ a, known_b @ known_a, atol=1e-6)
    assert torch.equal(tensors["base_model.model.head.weight"], held["head.weight"])
    assert len(tensors) == 2 * len(said["target_modules"]) + 2

    plain = source(config, seed=7).module  # its head is another one
    state = plain.state_dict()
    for name, value in tensors.items():
        own = name.removeprefix("base_model.model.")
        if own.endswith(".lora_B.weight"):
            path = own.removesuffix(".lora_B.weight")
            state[f"{path}.weight"] += 2 * value @ tensors[f"base_model.model.{path}.lora_A.weight"]
        elif ".lora_A" not in own:
            state[own].copy_(value)
    inputs = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(
            plain(inputs), load_bundle(tmp_path / "run.safetensors").module(inputs), rtol=1e-4, atol=1e-4
        )


@pytest.mark.slow  # peft's import alone takes ten seconds
def test_peft_opens_it_over_the_plain_network(config: FinetuneConfig, tmp_path: Path) -> None:
    trained(config, tmp_path / "run.safetensors")
    made, _ = adapter_of(tmp_path / "run.safetensors")
    for name, content in made.files.items():
        (tmp_path / name).write_bytes(content)
    plain = source(config, seed=7).module  # its head is another one
    adapted = vision.peft().PeftModel.from_pretrained(plain, tmp_path).eval()
    whole = load_bundle(tmp_path / "run.safetensors").module
    inputs = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(adapted(inputs), whole(inputs), rtol=1e-4, atol=1e-4)
        assert not torch.allclose(adapted(inputs), source(config, seed=7).module(inputs), atol=1e-2)


@pytest.mark.slow
def test_weights_that_lora_cannot_have_made_are_refused(config: FinetuneConfig, tmp_path: Path) -> None:
    trained(config, tmp_path / "run.safetensors")
    network = load_bundle(tmp_path / "run.safetensors")
    with torch.no_grad():
        weight = network.module.get_parameter("blocks.3.attn.qkv.weight")
        weight.add_(0.01 * torch.randn_like(weight))
    with pytest.raises(BadWeightsError, match=r"blocks.3.attn.qkv has changed by more than LoRA of rank 2"):
        lora_adapter(network, read_header(tmp_path / "run.safetensors"))
    with torch.no_grad():
        network = load_bundle(tmp_path / "run.safetensors")
        network.module.get_parameter("cls_token").add_(1.0)
    with pytest.raises(BadWeightsError, match="cls_token, which is in no module of its own"):
        lora_adapter(network, read_header(tmp_path / "run.safetensors"))


def test_only_lora_runs_have_one() -> None:
    config = configure("squeezenet1_1", "clipart", "full")
    assert not has_adapter(config)
    assert has_adapter(replace(config, tune=Tune.LORA))
