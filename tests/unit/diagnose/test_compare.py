"""Two networks, and a tuned one beside its start, on the same images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.unit.diagnose.test_profile_store import request
from tlviz.diagnose.compare import compare_models, compare_with_start
from tlviz.diagnose.profile import profile_target
from tlviz.errors import BadSettingError
from tlviz.models.catalogue import find_model
from tlviz.models.load import load_network


def test_two_networks_and_a_tuned_one_are_compared_on_the_same_images(target: Path) -> None:
    first = request(target)
    second = replace(first, model="tf_efficientnet_lite0")
    profile_target(first)
    across = compare_models(first, second)
    assert (len(across), {len(row) for row in across}) == (9, {9})
    assert all(value is not None and value <= 1 for row in across for value in row)
    tuned = load_network(find_model("squeezenet1_1"))
    with torch.no_grad():
        tuned.module.features[12].expand3x3.weight.mul_(-1)
    apart = compare_with_start(tuned, "one", first)
    assert [apart[name] for name in ("stem", "fire8")] == [pytest.approx(1)] * 2
    assert apart["fire9"] is not None
    assert apart["fire9"] < 0.99
    with pytest.raises(BadSettingError, match="the same images"):
        compare_models(first, replace(first, data="photos"))
