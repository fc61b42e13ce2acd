"""The bare architecture as its library builds it, made safe to train."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from tlviz import vision
from tlviz.home import PROJECT_ROOT
from tlviz.models.build import build_module
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.weights import read_weights

SQUEEZENET = MODELS["squeezenet1_1"]


def test_build_module_uses_the_names_of_its_library() -> None:
    assert set(build_module(SQUEEZENET, 1000).state_dict()) == set(read_weights(SQUEEZENET))


@pytest.mark.parametrize(
    ("name", "frozen"),
    [
        ("poolformer_s12", "stem"),
        ("repvgg_a0", "no stage"),
        pytest.param("fastvit_t8", "no stage", marks=pytest.mark.slow),
    ],
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
