"""How alike stages are does not depend on how their features are turned, scaled or shifted."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.data.images import ImageSet
from tlviz.diagnose.similarity import drift, stage_similarity
from tlviz.diagnose.stage_pass import run_stages
from tlviz.models.load import Network


def test_turning_a_stages_features_changes_no_similarity(tiny: Network, colours: ImageSet) -> None:
    features = dict(run_stages(tiny, colours.pixels).features)
    before = stage_similarity(features)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0].astype(np.float32)
    turned = features | {"block1": features["block1"] @ turn * 3 + 1}
    assert np.array(stage_similarity(turned), float) == pytest.approx(np.array(before, float), abs=1e-5)
    assert drift(turned, features)["block1"] == pytest.approx(1, abs=1e-5)
    assert stage_similarity(features, {"flat": np.ones((60, 2), np.float32)}) == ((None,),) * 3
