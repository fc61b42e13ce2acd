"""Where the target pulls hardest: the size of each stage's gradient beside its weights."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def relative_norm(changes: Sequence[Tensor], weights: Sequence[Tensor]) -> float:
    """Return |changes| / |weights| over tensors of any matching shapes, all taken as one vector; 0 without weights."""
    size = sum((weight.detach().double() ** 2).sum() for weight in weights)
    change = sum((tensor.detach().double() ** 2).sum() for tensor in changes)
    return float((change / size) ** 0.5) if len(weights) and float(size) > 0 else 0.0


def relative_shares(norms: Sequence[float]) -> list[float]:
    """Return relative gradient norms divided by the largest, 0 to 1; all 1 where every one is 0.

    Lee et al. 2022, surgical fine-tuning (https://arxiv.org/abs/2210.11466), the Auto-RGN rule.
    """
    largest = max(norms)
    return [norm / largest if largest > 0 else 1.0 for norm in norms]
