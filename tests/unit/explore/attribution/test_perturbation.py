"""Covering a part takes from the score what the part gave."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.explore.conftest import inputs_of
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.attributions import attribute
from tlviz.explore.attribution.methods import Baseline, Method
from tlviz.models.load import Network


def test_covering_a_linear_network_gives_what_was_covered(linear_net: Network, picture: Pixels) -> None:
    inputs = inputs_of(linear_net, picture)[0]
    share = (linear_net.module.fc.weight[0].detach().reshape(3, 16, 16) * inputs).sum(0).numpy()
    ablated = attribute(linear_net, picture, Method.FEATURE_ABLATION, target=0, baseline=Baseline.MEAN).map
    for value in np.unique(ablated):
        assert value == pytest.approx(share[ablated == value].sum(), abs=1e-3)
    occluded = attribute(linear_net, picture, Method.OCCLUSION, target=0, baseline=Baseline.MEAN).map
    assert occluded[0, 0] == pytest.approx(share[:2, :2].sum(), abs=1e-3)  # one window of 2 x 2 covers the corner
