"""Pictures as the network takes them: each view of a picture is its own."""

from __future__ import annotations

import numpy as np
import torch

from tests.unit.finetune.trained import run
from tlviz.data.images import ImageSet
from tlviz.finetune.choices import Augment
from tlviz.models.load import Network


def test_views_differ_from_one_another_and_repeat(tiny: Network, colours: ImageSet) -> None:
    _, _, state = run(tiny, colours, "head_only", augment=Augment.STRONG)
    indices = np.array([3, 1, 20])
    first, second = (state.pictures.view(indices, number) for number in (1, 2))
    assert not torch.equal(first, second)
    assert torch.equal(first, state.pictures.view(indices, 1))
    assert torch.equal(first[1:2], state.pictures.view(np.array([1]), 1)), "a picture's view is its own"
