"""Mixup and CutMix: training batches whose pictures and labels are blends of two."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.to_device import to_device

ALPHA = {Mix.MIXUP: 0.2, Mix.CUTMIX: 1.0}
"""Both parameters of the beta distribution that a blend's weight is drawn from, as the papers have it for ImageNet."""


def mix_batch(
    inputs: Tensor,
    labels: Tensor,
    class_count: int,
    kind: Mix,
    generator: torch.Generator,
    alpha: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Blend each picture with another one of the batch; return new inputs and soft targets (N, C) that sum to 1.

    ``inputs`` is float (N, channels, H, W), normalised or not; ``labels`` is int64 (N,).  Mixup (Zhang et al. 2018)
    takes the weighted mean; CutMix (Yun et al. 2019) pastes a rectangle and weighs the labels by its true area.
    Weight, partner and rectangle are drawn for each picture by itself, from ``generator``, which is the CPU's.
    """
    targets = nn.functional.one_hot(labels, class_count).to(inputs.dtype)
    if kind is Mix.NONE:
        return inputs, targets
    count = len(inputs)
    partner = to_device(torch.randperm(count, generator=generator), inputs.device)
    weight = _beta(alpha or ALPHA[kind], count, generator)
    if kind is Mix.MIXUP:
        kept = to_device(weight.to(inputs.dtype), inputs.device)
        mixed = torch.lerp(inputs[partner], inputs, kept[:, None, None, None])
    else:
        inside = to_device(_rectangles(weight, inputs.shape[2], inputs.shape[3], generator), inputs.device)
        mixed = torch.where(inside[:, None], inputs[partner], inputs)
        kept = 1 - inside.to(inputs.dtype).mean(dim=(1, 2))
    return mixed, torch.lerp(targets[partner], targets, kept[:, None])


def _beta(alpha: float, count: int, generator: torch.Generator) -> Tensor:
    """Draw (N,) from a symmetric beta distribution; torch's own takes no generator."""
    seed = int(torch.randint(2**62, (1,), generator=generator))
    return torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, count).astype(np.float32))


def _rectangles(weight: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Return bool (N, H, W): a rectangle of the pictures' shape and of area 1 - weight, cut off at the border."""
    half = (1 - weight).sqrt() / 2
    centre = torch.rand(2, len(weight), generator=generator)
    rows = _between(height, centre[0] - half, centre[0] + half)
    columns = _between(width, centre[1] - half, centre[1] + half)
    return rows[:, :, None] & columns[:, None, :]


def _between(side: int, low: Tensor, high: Tensor) -> Tensor:
    """Return bool (N, side): the pixels whose middle is between two shares of the side."""
    middle = (torch.arange(side) + 0.5) / side
    return (middle >= low[:, None]) & (middle < high[:, None])
