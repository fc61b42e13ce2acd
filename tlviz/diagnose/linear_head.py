"""A linear head on features: fitted, and tried at rising learning rates."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz.diagnose.features import Features
from tlviz.measures.range_test import has_blown_up, smoothed, suggested_rate

PENALTY = 1e-2
_ITERATIONS = 60
LOWEST, HIGHEST, STEPS = 1e-7, 10.0, 100
_BATCH = 32
_START = 0.001
"""The deviation of a new head's weights."""

Ints = NDArray[np.int64]


def fit_head(features: Features, labels: Ints) -> tuple[Tensor, Tensor]:
    """Fit a softmax regression to features (N, D) and labels (N,) from 0: weights (C, D) and biases (C,), float32.

    On standardised features, with a small L2 penalty on the weights so that they stay finite where the classes can be
    separated without error.
    """
    x = torch.from_numpy(features).double()
    spread, mean = x.std(0), x.mean(0)
    spread = torch.where(spread > 0, spread, 1.0)
    x, y = (x - mean) / spread, torch.from_numpy(labels)
    weight = torch.zeros(int(labels.max()) + 1, x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(len(weight), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(x @ weight.T + bias, y) + PENALTY * (weight**2).sum() / 2
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    scaled = weight.detach() / spread
    return scaled.float(), (bias.detach() - scaled @ mean).float()


def suggest_rate(features: Features, labels: Ints, seed: int) -> float | None:
    """Return the rate that a range test suggests for a new linear head on features (N, D), or None.

    As the range test of a run: AdamW, one batch of 32 a rate, rates from 1e-7 to 10, ended where the loss blows up.
    """
    x, y = torch.from_numpy(features), torch.from_numpy(labels)
    generator = torch.Generator().manual_seed(seed)
    weight = (_START * torch.randn(int(labels.max()) + 1, x.shape[1], generator=generator)).requires_grad_()
    bias = torch.zeros(len(weight), requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], weight_decay=0.01)
    rates = np.geomspace(LOWEST, HIGHEST, STEPS).tolist()
    losses: list[float] = []
    for rate in rates:
        rows = torch.randperm(len(x), generator=generator)[:_BATCH]
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(x[rows] @ weight.T + bias, y[rows])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
        if has_blown_up(smoothed(losses)):
            break
    curve = [loss for loss in smoothed(losses) if np.isfinite(loss)]
    return suggested_rate(rates[: len(curve)], curve)
