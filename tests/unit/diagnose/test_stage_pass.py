"""One pass gives the shifts of what enters each stage's last BatchNorm."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.diagnose.stage_pass import run_stages
from tlviz.models.load import Network, normalise


def test_batchnorm_shifts_are_those_of_what_enters_the_last_one(tiny: Network, colours: ImageSet) -> None:
    found = run_stages(tiny, colours.pixels, seed=0)
    x = normalise(torch.from_numpy(np.array(colours.pixels)), tiny.spec.preprocessing)
    with torch.no_grad():
        before = tiny.module.stem[0](x).double()
    mean, variance = before.mean((0, 2, 3)), before.var((0, 2, 3), unbiased=False)
    expected = (mean**2 + (variance.sqrt() - 1) ** 2).mean().sqrt()
    assert found.shifts["stem"].distance == pytest.approx(float(expected), rel=1e-5)
    assert 0 < found.shifts["stem"].noise_of_halves < found.shifts["stem"].distance
    assert run_stages(tiny, colours.pixels).shifts == {}
    assert not any(layer._forward_pre_hooks for layer in tiny.module.modules())
