"""A linear head on features: fitted, and tried at rising learning rates."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz.diagnose.features import Features

PENALTY = 1e-2
_ITERATIONS = 60
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
