"""BatchNorm layers that have statistics of their own, and those statistics measured anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

BatchNormLayer = nn.modules.batchnorm._BatchNorm


def batchnorms(module: nn.Module) -> list[BatchNormLayer]:
    """Return the BatchNorm layers inside a module that have statistics of their own."""
    return [layer for layer in module.modules() if isinstance(layer, BatchNormLayer) and layer.running_mean is not None]


@torch.no_grad()
def reestimate_statistics(module: nn.Module, layers: Sequence[BatchNormLayer], batches: Iterable[Tensor]) -> None:
    """Measure the statistics of some BatchNorm layers anew, as a plain average over batches of inputs.

    Li et al. 2016 (https://arxiv.org/abs/1603.04779), AdaBN.  Leaves the module in eval mode.
    """
    momenta = [layer.momentum for layer in layers]
    module.eval()
    try:
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over batches
            layer.train()
        for inputs in batches:
            module(inputs)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
            layer.eval()
