"""BatchNorm layers whose statistics are measured anew."""

from __future__ import annotations

import torch
from torch import nn

from tlviz.models.batchnorm import batchnorms, reestimate_statistics


def test_layers_keep_their_own_momentum_after_their_statistics_are_measured_anew() -> None:
    module = nn.Sequential(*(nn.BatchNorm2d(2, momentum=momentum) for momentum in (0.37, None, 0.01)))
    reestimate_statistics(module, batchnorms(module), [torch.randn(8, 2, 3, 3)])
    assert [layer.momentum for layer in batchnorms(module)] == [0.37, None, 0.01]
