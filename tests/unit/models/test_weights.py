"""Weights are checked as they are read, and no code in them ever runs."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.servers import Server
from tests.unit.models.served import Planted, saved, timm_model, torchvision_model, weights_of
from tlviz.errors import BadWeightsError
from tlviz.models.catalogue import MODELS
from tlviz.models.download import download_weights
from tlviz.models.weights import read_weights

SQUEEZENET = MODELS["squeezenet1_1"]


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    content = bytearray(SQUEEZENET.weights.read_bytes())
    content[-1] ^= 1
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(content)
    with pytest.raises(BadWeightsError, match="damaged"):
        read_weights(replace(SQUEEZENET, weights=damaged))


def test_a_repository_without_safetensors_gives_its_state_dict(server: Server) -> None:
    weights = weights_of("tf_efficientnet_lite0.in1k")
    spec = timm_model(server, saved(weights), "pytorch_model.bin")
    assert download_weights(spec).name == "pytorch_model.bin"
    assert torch.equal(read_weights(spec)["conv_stem.weight"], weights["conv_stem.weight"])


def test_reading_never_connects_and_says_how_to_download(server: Server) -> None:
    for name in ("resnet18", "resnet18.a1_in1k"):
        with pytest.raises(BadWeightsError, match=f"tlviz models download {name}"):
            read_weights(MODELS[name])
    assert server.asked == []


@pytest.mark.parametrize("provider", ["torchvision", "timm"])
def test_a_pickle_with_code_inside_is_refused_and_does_not_run(server: Server, provider: str, tmp_path: Path) -> None:
    mark = tmp_path / "the code ran"
    content = saved({"features.0.weight": Planted(mark)})
    spec = (
        torchvision_model(server, content)
        if provider == "torchvision"
        else timm_model(server, content, "pytorch_model.bin")
    )
    download_weights(spec)
    with pytest.raises(BadWeightsError, match=r"could run code|weights_only=True blocked"):
        read_weights(spec)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Planted(mark)))
    assert mark.exists(), "the plant itself works"


def test_a_truncated_file_in_the_cache_is_one_sentence(server: Server) -> None:
    spec = torchvision_model(server, saved({"a": torch.zeros(1000)}))
    path = download_weights(spec)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(BadWeightsError, match="damaged or not a weights file"):
        read_weights(spec)


def test_weights_that_are_not_numbers_are_named(server: Server) -> None:
    spec = torchvision_model(server, saved({"classifier.1.weight": torch.full((2, 2), torch.nan)}))
    download_weights(spec)
    with pytest.raises(BadWeightsError, match=r"only a part of the network: classifier\.1\.weight are not finite"):
        read_weights(spec)
