"""Which parameters train, and what becomes of BatchNorm layers."""

from __future__ import annotations

import torch
from torch import nn

from tlviz.finetune.freezing import batch_norms, reestimate_statistics


def test_layers_keep_their_own_momentum_after_their_statistics_are_measured_anew() -> None:
    module = nn.Sequential(*(nn.BatchNorm2d(2, momentum=momentum) for momentum in (0.37, None, 0.01)))
    reestimate_statistics(module, list(batch_norms(module)), [torch.randn(8, 2, 3, 3)])
    assert [layer.momentum for layer in batch_norms(module)] == [0.37, None, 0.01]
