"""An edge detector fails the randomisation check, a map of the weights passes, and the original stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.unit.explore.conftest import LinearNet, Wrap, seeded
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.randomise import copied, randomisation, randomise_stage
from tlviz.explore.attribution.verdicts import (
    judge_randomised,
)
from tlviz.models.load import Network


def sobel(pixels: Pixels) -> NDArray[np.float32]:
    grey = pixels.astype(np.float32).mean(-1)
    down, right = np.gradient(grey)
    return np.hypot(down, right).astype(np.float32)


def test_an_edge_detector_fails_the_randomisation_check(tiny: Network, picture: Pixels) -> None:
    edges = sobel(picture)
    found = randomisation(tiny, lambda _network: sobel(picture), edges)
    assert [depth.stage for depth in found] == ["head", "block2", "block1", "stem"]
    assert [depth.correlation for depth in found] == pytest.approx([1.0] * 4)
    assert judge_randomised(found).passed is False


def test_a_map_of_the_weights_passes_the_randomisation_check(wrap: Wrap, picture: Pixels) -> None:
    network = wrap(seeded(LinearNet), keep="keep")

    def weights(of: Network) -> NDArray[np.float32]:
        found: NDArray[np.float32] = of.module.fc.weight[0].detach().reshape(3, 16, 16).sum(0).numpy().copy()
        return found

    before = weights(network)
    found = randomisation(network, weights, before)
    assert all(abs(depth.correlation) < 0.3 for depth in found)
    assert judge_randomised(found).passed
    np.testing.assert_array_equal(weights(network), before)


def test_randomising_keeps_scale_and_the_original(tiny: Network) -> None:
    copy = copied(tiny)
    before = {name: value.clone() for name, value in tiny.module.state_dict().items()}
    randomise_stage(copy.module, copy.stages[2], torch.Generator().manual_seed(0))
    old, new = tiny.module.block2[0].weight, copy.module.block2[0].weight
    assert not torch.allclose(old, new)
    assert new.std().item() == pytest.approx(old.std().item(), rel=0.2)
    assert torch.equal(tiny.module.stem[0].weight, copy.module.stem[0].weight)
    assert all(torch.equal(value, before[name]) for name, value in tiny.module.state_dict().items())
    assert copy.lock is not tiny.lock
