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
