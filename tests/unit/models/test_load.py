"""Loading checks what it reads, and a new head leaves the rest as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tlviz import vision
from tlviz.errors import BadWeightsError
from tlviz.models import picture_side
from tlviz.models.build import auxiliary_keys, build_module
from tlviz.models.catalogue import BUNDLED, MODELS, find_model
from tlviz.models.load import build_for_target, load_network, normalise
from tlviz.models.spec import Preprocessing
from tlviz.models.stages import logit_layers
from tlviz.models.weights import read_weights

SQUEEZENET = MODELS["squeezenet1_1"]


def test_missing_weights_say_where(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsError, match=r"nowhere\.safetensors"):
        load_network(replace(SQUEEZENET, weights=tmp_path / "nowhere.safetensors"))


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


def test_a_transformer_takes_another_size_with_interpolated_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_model("vit_b_32")
    pretrained = build_module(spec, 1000, initialise=False).state_dict()
    monkeypatch.setattr(picture_side, "read_weights", lambda *_: pretrained)
    network = build_for_target(spec, ("a", "b"), pretrained=True, seed=0, size=96)
    assert network.spec.preprocessing.size == 96
    state = network.module.state_dict()
    assert state["encoder.pos_embedding"].shape == (1, 1 + 3 * 3, 768)
    assert torch.equal(state["encoder.pos_embedding"][:, 0], pretrained["encoder.pos_embedding"][:, 0])
    assert torch.equal(state["conv_proj.weight"], pretrained["conv_proj.weight"])
    with torch.no_grad():
        assert network.module(torch.zeros(1, 3, 96, 96)).shape == (1, 2)


def test_weights_that_lack_a_tensor_of_the_backbone_are_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {name: value for name, value in read_weights(SQUEEZENET).items() if name != "features.3.squeeze.bias"}
    monkeypatch.setattr(picture_side, "read_weights", lambda *_: lacking)
    with pytest.raises(BadWeightsError, match=r"features\.3\.squeeze\.bias are missing or of another shape"):
        build_for_target(SQUEEZENET, ("a", "b"), pretrained=True, seed=0)


def test_auxiliary_classifiers_are_left_out_and_their_weights_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_model("googlenet")
    whole = vision.torchvision().models.googlenet(weights=None, init_weights=False).state_dict()
    assert {name for name in whole if name.startswith("aux")} == auxiliary_keys(spec)
    monkeypatch.setattr(picture_side, "read_weights", lambda *_: whole)
    network = load_network(spec)
    assert set(network.module.state_dict()) == set(whole) - auxiliary_keys(spec)
    network.module.train()
    assert network.module(torch.zeros(2, 3, 64, 64)).shape == (2, 1000), "no tuple of answers in training"
    assert network.module.transform_input, "torchvision's weights expect this"


def test_a_network_pretrained_without_classes_has_features_and_no_class_names(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(find_model("vit_tiny_patch16_224"), class_count=0)
    state = build_module(spec, 0).state_dict()
    monkeypatch.setattr(picture_side, "read_weights", lambda *_: state)
    network = load_network(spec)
    assert (network.classes, network.stages[-1].channels) == ((), 1)
    assert torch.equal(network.module.state_dict()["blocks.3.mlp.fc1.weight"], state["blocks.3.mlp.fc1.weight"])
