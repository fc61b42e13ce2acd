"""A new head: how it starts, and its dropout."""

from __future__ import annotations

import torch
from torch import nn

from tlviz.models.build import build_module
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.head import RECTIFIED_BIAS
from tlviz.models.load import build_for_target
from tlviz.models.stages import logit_layers

SQUEEZENET = MODELS["squeezenet1_1"]


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


def test_a_network_without_dropout_gets_one_before_its_logits() -> None:
    network = build_for_target(find_model("resnet18"), ("a", "b"), pretrained=False, seed=0, dropout=0.9)
    pictures = torch.randn(1, 3, 64, 64).expand(8, -1, -1, -1)
    network.module.get_submodule("fc").train()
    with torch.no_grad():
        assert network.module(pictures).std(0).max() > 0, "equal pictures differ under dropout"
        network.module.eval()
        assert torch.allclose(*network.module(pictures)[:2], atol=1e-6)
    assert set(network.module.state_dict()) == set(build_module(find_model("resnet18"), 2).state_dict())
