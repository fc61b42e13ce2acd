"""Where the target pulls hardest: the size of each stage's gradient beside its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def relative_norm(changes: Sequence[Tensor], weights: Sequence[Tensor]) -> float:
    """Return |changes| / |weights| over tensors of any matching shapes, all taken as one vector; 0 without weights."""
    size = _norm(weights)
    return _norm(changes) / size if size > 0 else 0.0


def _norm(tensors: Sequence[Tensor]) -> float:
    """Return the length of some tensors taken as one vector; each one's in its own precision, as MPS has no double."""
    norms = [torch.linalg.vector_norm(tensor.detach()) for tensor in tensors]
    return math.hypot(*torch.stack(norms).tolist()) if norms else 0.0


def relative_shares(norms: Sequence[float]) -> list[float]:
    """Return relative gradient norms divided by the largest, 0 to 1; all 1 where every one is 0.

    Lee et al. 2022, surgical fine-tuning (https://arxiv.org/abs/2210.11466), the Auto-RGN rule.
    """
    largest = max(norms)
    return [norm / largest if largest > 0 else 1.0 for norm in norms]
