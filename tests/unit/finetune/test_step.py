"""The gradients of one update."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.finetune.config import configure
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.finetune.step import backward
from tlviz.models.load import Network


def state_of(network: Network, images: ImageSet, strategy: str = "full", **chosen: object) -> State:
    values = {"epochs": 1, "batch_size": 48, "image_size": 64, "head_lr": 0.1, "backbone_lr": 0.1} | chosen
    config = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    return State(Session(network, images, split, config, torch.device("cpu"), lambda: False))


def test_label_smoothing_shares_a_little_with_all_classes_in_the_training_loss(
    tiny: Network, colours: ImageSet
) -> None:
    """The head says (1/2, 1/4, 1/4) of every picture; of 0.3 each of three classes gets a tenth."""
    state = state_of(tiny, colours, label_smoothing=0.3)
    state.begin()
    with torch.no_grad():
        tiny.module.get_parameter("fc.weight").zero_()
        tiny.module.get_parameter("fc.bias").copy_(torch.tensor([math.log(2), 0, 0]))
    loss = backward(state, np.array([0, 3, 6]), 1, torch.Generator())
    assert set(colours.labels[[0, 3, 6]]) == {0}
    assert loss.item() == pytest.approx(0.8 * math.log(2) + 0.2 * math.log(4))


def test_pieces_of_a_batch_have_the_gradients_and_the_loss_of_the_whole(tiny: Network, colours: ImageSet) -> None:
    """Nine pictures in pieces of four: they are parted evenly, and each piece is told."""
    found = []
    for batch_size in (9, 4):
        state = state_of(tiny, colours, "head_only", batch_size=batch_size)
        state.begin()
        tiny.module.get_submodule("drop").p = 0.0  # type: ignore[assignment]
        state.module.zero_grad()
        told: list[int] = []
        loss = backward(
            state, np.arange(9), 1, torch.Generator(), lambda _, logits, labels, told=told: told.append(len(labels))
        )
        gradient = tiny.module.get_parameter("fc.weight").grad
        assert gradient is not None
        found.append((told, loss.item(), gradient.clone()))
    (whole, loss, gradient), (pieces, same_loss, same_gradient) = found
    assert (whole, pieces) == ([9], [3, 3, 3])
    assert same_loss == pytest.approx(loss, rel=1e-5)
    assert torch.allclose(gradient, same_gradient, atol=1e-6)


def test_gradients_are_added_to_those_that_are_there(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "head_only")
    state.begin()
    tiny.module.get_submodule("drop").p = 0.0  # type: ignore[assignment]
    bias = tiny.module.get_parameter("fc.bias")
    backward(state, np.arange(6), 1, torch.Generator())
    assert bias.grad is not None
    once = bias.grad.clone()
    assert once.any()
    backward(state, np.arange(6), 1, torch.Generator())
    assert torch.allclose(bias.grad, 2 * once)
