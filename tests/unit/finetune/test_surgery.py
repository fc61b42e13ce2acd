"""What is measured of each stage comes from pictures of every class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import Indices, split_images
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.finetune.surgery import gradient_shares
from tlviz.models.load import Network


def state_of(network: Network, images: ImageSet, strategy: str, **chosen: object) -> State:
    values = {"epochs": 6, "batch_size": 16, "image_size": 64, "backbone_lr": 1e-2, "head_lr": 1e-1} | chosen
    config: FinetuneConfig = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    return State(Session(network, images, split, config, torch.device("cpu"), lambda: False))


@pytest.fixture
def sorted_classes(colours: ImageSet) -> ImageSet:
    """Return 400 pictures that lie class by class, as folders give them."""
    counts = (200, 100, 100)
    labels = np.repeat(np.arange(3), counts)
    rows = np.concatenate([np.resize(np.flatnonzero(colours.labels == at), count) for at, count in enumerate(counts)])
    names = tuple(map(str, range(400)))
    return replace(colours, pixels=colours.pixels[rows], labels=labels, parts=("",) * 400, names=names)


def test_surgery_looks_at_every_class(tiny: Network, sorted_classes: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_of(tiny, sorted_classes, "surgical", batch_size=16)
    seen: list[int] = []
    real = state.pictures.plain

    def plain(indices: Indices) -> torch.Tensor:
        seen.extend(sorted_classes.labels[indices].tolist())
        return real(indices)

    monkeypatch.setattr(state.pictures, "plain", plain)
    gradient_shares(state.session, state.pictures)
    assert len(seen) == 4 * 16
    assert set(seen) == {0, 1, 2}
