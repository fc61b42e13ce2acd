"""Loading checks what it reads, and a new head leaves the rest as it was."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from tlviz import vision
from tlviz.errors import BadSettingError, BadWeightsError, UnknownNameError
from tlviz.finetune.config import configure
from tlviz.home import PROJECT_ROOT
from tlviz.models import load
from tlviz.models.build import auxiliary_keys, build_module
from tlviz.models.catalogue import BUNDLED, MODELS, find_model
from tlviz.models.head import RECTIFIED_BIAS
from tlviz.models.load import build_for_target, load_network, normalise
from tlviz.models.spec import Preprocessing
from tlviz.models.stages import logit_layers
from tlviz.models.weights import read_weights

SQUEEZENET = MODELS["squeezenet1_1"]


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    content = bytearray(SQUEEZENET.weights.read_bytes())
    content[-1] ^= 1
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(content)
    with pytest.raises(BadWeightsError, match="damaged"):
        read_weights(replace(SQUEEZENET, weights=damaged))


def test_missing_weights_say_where(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsError, match=r"nowhere\.safetensors"):
        load_network(replace(SQUEEZENET, weights=tmp_path / "nowhere.safetensors"))


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="try one of: squeezenet1_1"):
        find_model("squeezenet11")


@pytest.mark.parametrize("name", BUNDLED)
def test_a_target_network_keeps_every_pretrained_tensor_but_the_head(name: str) -> None:
    spec = MODELS[name]
    network = build_for_target(spec, ("a", "b", "c"), pretrained=True, seed=0)
    original = read_weights(spec)
    [(head, layer)] = logit_layers(network.module, network.stages)
    for key, value in network.module.state_dict().items():
        if not key.startswith(f"{head}."):
            assert torch.equal(value, original[key]), key
    assert layer.get_parameter("weight").shape[0] == 3
    with torch.no_grad():
        assert network.module(torch.zeros(2, 3, 64, 64)).shape == (2, 3)


def test_the_same_seed_gives_the_same_start_and_leaves_torch_alone() -> None:
    before = torch.random.get_rng_state()
    first, second, other = (build_for_target(SQUEEZENET, ("a", "b"), pretrained=False, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [network.module.state_dict()["features.0.weight"] for network in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_rectified_head_starts_where_the_relu_passes_everything() -> None:
    network = build_for_target(SQUEEZENET, ("a", "b", "c"), pretrained=True, seed=0)
    [(_, layer)] = logit_layers(network.module, network.stages)
    assert (layer.get_parameter("bias") == RECTIFIED_BIAS).all()
    before_relu: list[torch.Tensor] = []
    layer.register_forward_hook(lambda _m, _i, output: before_relu.append(output.clone()))
    with torch.no_grad():
        network.module(torch.randn(2, 3, 128, 128))
    assert before_relu[0].min() > 0


def test_dropout_is_set_for_both_libraries() -> None:
    squeeze = build_for_target(SQUEEZENET, ("a", "b"), pretrained=False, seed=0, dropout=0.25)
    assert [m.p for m in squeeze.module.modules() if isinstance(m, nn.Dropout)] == [0.25]
    lite = build_for_target(MODELS["tf_efficientnet_lite0"], ("a", "b"), pretrained=False, seed=0, dropout=0.9)
    lite.module.train()
    batch = torch.randn(1, 3, 64, 64).expand(8, -1, -1, -1)
    assert not torch.equal(*lite.module(batch)[:2]), "two equal pictures differ under dropout"


def test_normalise_by_hand() -> None:
    pixels = torch.tensor([[[[255, 0, 51]]]], dtype=torch.uint8)
    prep = Preprocessing(1, "bilinear", (0.5, 0.25, 0.1), (0.5, 0.5, 0.2), 1.0)
    assert normalise(pixels, prep).flatten().tolist() == pytest.approx([1.0, -0.5, 0.5], abs=1e-6)
    assert normalise(pixels.expand(2, 8, 8, 3), prep).is_contiguous(memory_format=torch.channels_last)


def test_normalise_is_the_plain_formula_to_the_bit_and_leaves_its_input_alone() -> None:
    prep = find_model("squeezenet1_1").preprocessing
    pixels = torch.randint(0, 256, (3, 9, 7, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) * 255 for values in (prep.mean, prep.std))
    plain = (pixels.permute(0, 3, 1, 2).float() - mean) / std
    assert torch.equal(normalise(pixels, prep), plain)
    assert torch.equal(normalise(pixels.transpose(1, 2), prep), plain.transpose(2, 3))
    numbers = pixels.float()
    normalise(numbers, prep)
    assert torch.equal(numbers, pixels.float())


def test_build_module_uses_the_names_of_its_library() -> None:
    assert set(build_module(SQUEEZENET, 1000).state_dict()) == set(read_weights(SQUEEZENET))


def test_a_transformer_takes_another_size_with_interpolated_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_model("vit_b_32")
    pretrained = build_module(spec, 1000, initialise=False).state_dict()
    monkeypatch.setattr(load, "read_weights", lambda *_: pretrained)
    network = build_for_target(spec, ("a", "b"), pretrained=True, seed=0, size=96)
    assert network.spec.preprocessing.size == 96
    state = network.module.state_dict()
    assert state["encoder.pos_embedding"].shape == (1, 1 + 3 * 3, 768)
    assert torch.equal(state["encoder.pos_embedding"][:, 0], pretrained["encoder.pos_embedding"][:, 0])
    assert torch.equal(state["conv_proj.weight"], pretrained["conv_proj.weight"])
    with torch.no_grad():
        assert network.module(torch.zeros(1, 3, 96, 96)).shape == (1, 2)


def test_a_size_that_a_network_cannot_take_is_one_sentence() -> None:
    with pytest.raises(BadSettingError, match=r"pixels or more in steps of 32, best 224; the image size is 100"):
        configure("vit_b_32", "photos", "head_only", image_size=100)


def test_weights_that_lack_a_tensor_of_the_backbone_are_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {name: value for name, value in read_weights(SQUEEZENET).items() if name != "features.3.squeeze.bias"}
    monkeypatch.setattr(load, "read_weights", lambda *_: lacking)
    with pytest.raises(BadWeightsError, match=r"features\.3\.squeeze\.bias are missing or of another shape"):
        build_for_target(SQUEEZENET, ("a", "b"), pretrained=True, seed=0)


def test_auxiliary_classifiers_are_left_out_and_their_weights_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_model("googlenet")
    whole = vision.torchvision().models.googlenet(weights=None, init_weights=False).state_dict()
    assert {name for name in whole if name.startswith("aux")} == auxiliary_keys(spec)
    monkeypatch.setattr(load, "read_weights", lambda *_: whole)
    network = load_network(spec)
    assert set(network.module.state_dict()) == set(whole) - auxiliary_keys(spec)
    network.module.train()
    assert network.module(torch.zeros(2, 3, 64, 64)).shape == (2, 1000), "no tuple of answers in training"
    assert network.module.transform_input, "torchvision's weights expect this"


def test_a_network_pretrained_without_classes_has_features_and_no_class_names(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(find_model("vit_tiny_patch16_224"), class_count=0)
    state = build_module(spec, 0).state_dict()
    monkeypatch.setattr(load, "read_weights", lambda *_: state)
    network = load_network(spec)
    assert (network.classes, network.stages[-1].channels) == ((), 1)
    assert torch.equal(network.module.state_dict()["blocks.3.mlp.fc1.weight"], state["blocks.3.mlp.fc1.weight"])


@pytest.mark.parametrize(
    ("name", "frozen"), [("poolformer_s12", "stem"), ("fastvit_t8", "no stage"), ("repvgg_a0", "no stage")]
)
def test_what_ends_the_process_in_torchs_backward_pass_trains(name: str, frozen: str) -> None:
    """A GroupNorm behind a frozen stage, and a strided 1 x 1 convolution of pictures, both in channels_last layout."""
    program = (
        "import torch; from tlviz.models.build import build_module; from tlviz.models.catalogue import find_model\n"
        f"network = build_module(find_model('{name}'), 2)\n"
        f"for name, value in network.named_parameters(): value.requires_grad_(not name.startswith('{frozen}'))\n"
        "pictures = torch.randn(2, 3, 96, 96).contiguous(memory_format=torch.channels_last)\n"
        "for _ in range(4): network(pictures).sum().backward()\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=PROJECT_ROOT).returncode == 0


def test_a_convolution_that_takes_only_the_positions_it_uses_computes_the_same() -> None:
    name = "stem.conv_1x1.conv"
    layer = build_module(find_model("repvgg_a0"), 2).get_submodule(name).double()
    plain = vision.timm().create_model("repvgg_a0", num_classes=2).get_submodule(name).double()
    plain.load_state_dict(layer.state_dict())
    assert (layer.stride, plain.stride) == ((1, 1), (2, 2))
    pictures = torch.randn(4, 3, 65, 65, dtype=torch.float64)
    answers, expected = layer(pictures), plain(pictures)
    assert torch.allclose(answers, expected)
    answers.square().sum().backward()
    expected.square().sum().backward()
    assert torch.allclose(layer.weight.grad, plain.weight.grad)


def test_a_network_without_dropout_gets_one_before_its_logits() -> None:
    network = build_for_target(find_model("resnet18"), ("a", "b"), pretrained=False, seed=0, dropout=0.9)
    pictures = torch.randn(1, 3, 64, 64).expand(8, -1, -1, -1)
    network.module.get_submodule("fc").train()
    with torch.no_grad():
        assert network.module(pictures).std(0).max() > 0, "equal pictures differ under dropout"
        network.module.eval()
        assert torch.allclose(*network.module(pictures)[:2], atol=1e-6)
    assert set(network.module.state_dict()) == set(build_module(find_model("resnet18"), 2).state_dict())
