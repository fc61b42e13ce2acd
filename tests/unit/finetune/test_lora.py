"""LoRA trains its adapters and the head alone, and leaves plain weights behind."""

from __future__ import annotations

import copy
import io
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.pretended import pretended_gpu
from tlviz import vision
from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Tune
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch
from tlviz.finetune.lora import plain_state
from tlviz.finetune.meters import weight_drift
from tlviz.finetune.resume import checkpoint, restore
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network
from tlviz.models.stages import derive_stages, owns


def timm_vit() -> nn.Module:
    net: nn.Module = vision.timm().models.VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=4, num_heads=2, num_classes=3
    )
    return net


def torchvision_vit() -> nn.Module:
    net: nn.Module = vision.torchvision().models.VisionTransformer(32, 8, 3, 2, 24, 48, num_classes=3)
    return net


def torchvision_swin() -> nn.Module:
    net: nn.Module = vision.torchvision().models.SwinTransformer([2, 2], 12, [1, 1], [2, 2], [2, 2], num_classes=3)
    return net


def state_of(build: Callable[[], nn.Module], images: ImageSet, device: str = "cpu", **chosen: object) -> State:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = build().eval()
        for name, parameter in module.named_parameters():
            if "head" in name:
                nn.init.normal_(parameter, std=0.1)
    network = Network(MODELS["squeezenet1_1"], module, derive_stages(module, torch.zeros(1, 3, 32, 32)), images.classes)
    values = {"epochs": 2, "image_size": 64, "head_lr": 1e-2, "backbone_lr": 1e-2, "lora_rank": 2} | chosen
    config = configure("squeezenet1_1", "clipart", "full", tune=Tune.LORA, **values)
    split = split_images(images.labels, images.parts, 0)
    return State(Session(network, images, split, config, torch.device(device), lambda: False))


def test_only_adapters_and_head_train_and_the_export_is_plain(colours: ImageSet) -> None:
    plain = timm_vit()
    state = state_of(timm_vit, colours)
    before = {name: tensor.clone() for name, tensor in state.module.state_dict().items()}
    list(train(state))
    after = state.module.state_dict()
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert changed == {name for name in after if ".lora_" in name or name.startswith("head.")}
    assert sum(".lora_B" in name for name in changed) == 8, "qkv and projection of four blocks"

    merged = plain_state(state.module)
    assert merged.keys() == plain.state_dict().keys()
    assert all(torch.equal(tensor, after[name]) for name, tensor in state.module.state_dict().items()), "left alone"
    plain.load_state_dict(merged)
    inputs = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(plain.eval()(inputs), state.module.eval()(inputs), atol=1e-5)


def test_what_adapters_have_moved_is_told_beside_the_weights_they_stand_beside(colours: ImageSet) -> None:
    """At rank 1 and scale 2, A = e0 and B = e0 / 2 add 1 to one weight; |W| of two layers is |(3, 4)| = 5."""
    state = state_of(timm_vit, colours, lora_rank=1)
    layer = "blocks.1.attn."
    with torch.no_grad():
        for name, parameter in state.module.named_parameters():
            if name.startswith(layer):
                parameter.zero_()
        for part, weight, b in (("qkv", 3.0, 0.5), ("proj", 4.0, 0.0)):
            state.module.get_parameter(f"{layer}{part}.base_layer.weight")[0, 0] = weight
            state.module.get_parameter(f"{layer}{part}.lora_A.default.weight")[0, 0] = 1.0
            state.module.get_parameter(f"{layer}{part}.lora_B.default.weight")[0, 0] = b
    [stage] = [stage for stage in state.session.network.stages if owns(stage, layer)]
    drift = weight_drift(state.module, state.session.network.stages, state.starts)
    assert drift.pop(stage.name) == pytest.approx(1 / 5)
    assert set(drift.values()) == {0.0}, "elsewhere B is zero as it was"


def test_a_checkpoint_holds_adapters_and_head_alone(colours: ImageSet) -> None:
    state = state_of(timm_vit, colours)
    contents = [checkpoint(state, 0) for event in train(state) if isinstance(event, Epoch)]
    saved = torch.load(io.BytesIO(contents[-1]), weights_only=True)["weights"]
    assert sum(".lora_" in name for name in saved) == 16, "A and B of eight layers"
    assert {name for name in saved if ".lora_" not in name} == {"head.weight", "head.bias"}


def test_frozen_stages_get_no_adapters(colours: ImageSet) -> None:
    state = state_of(timm_vit, colours, freeze=3)
    stages = state.session.network.stages
    adapted = {name for name in state.module.state_dict() if ".lora_" in name}
    assert adapted
    assert not any(name.startswith(path) for name in adapted for stage in stages[:3] for path in stage.modules)


def test_a_run_with_adapters_can_be_taken_up(colours: ImageSet) -> None:
    whole = state_of(timm_vit, colours, epochs=3)
    saved = [checkpoint(whole, 0) for event in train(whole) if isinstance(event, Epoch)]
    again = state_of(timm_vit, colours, epochs=3)
    restore(again, saved[1])
    list(train(again))
    weights = again.module.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in whole.module.state_dict().items())


@pytest.mark.parametrize("build", [torchvision_vit, torchvision_swin])
def test_attention_that_does_not_call_its_layers_is_refused(build: Callable[[], nn.Module], colours: ImageSet) -> None:
    with pytest.raises(BadSettingError, match="LoRA needs attention that calls linear layers"):
        state_of(build, colours)


def test_a_network_without_attention_is_refused(tiny: Network, colours: ImageSet) -> None:
    with pytest.raises(BadSettingError, match="LoRA needs attention"):
        state_of(lambda: copy.deepcopy(tiny.module), colours)


def test_the_package_imports_no_peft() -> None:
    code = (
        "import sys, tlviz, tlviz.cli, tlviz.worker, tlviz.jobs.finetune\n"
        "print([m for m in ('peft', 'transformers', 'accelerate') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_adapters_lie_where_the_network_does(colours: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    with pretended_gpu(monkeypatch):
        state = state_of(timm_vit, colours, "cuda")
        list(train(state))
        again = state_of(timm_vit, colours, "cuda")
        restore(again, checkpoint(state, 1.0))
        assert {parameter.device.type for parameter in again.module.parameters()} == {"cuda"}
        assert {tensor.device.type for tensor in plain_state(again.module).values()} == {"cuda"}
