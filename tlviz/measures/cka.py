"""How alike two layers see the same images, whatever the rotation and scale of their features."""

from __future__ import annotations

import math

from torch import Tensor


def linear_cka(first: Tensor, second: Tensor) -> float:
    """Return the debiased linear CKA of features (N, D1) and (N, D2) of the same N images: 1 is alike, 0 unrelated.

    Kornblith et al. 2019 (https://arxiv.org/abs/1905.00414) with the unbiased HSIC of Song et al. 2012, as in Nguyen
    et al. 2021; may be slightly negative.  NaN where one side does not vary at all.  Raises ``ValueError`` for fewer
    than 4 images.
    """
    if len(first) != len(second) or len(first) < 4:
        raise ValueError(f"CKA needs the same images on both sides, at least 4; got {len(first)} and {len(second)}.")
    one, two = gram(first), gram(second)
    scale = hsic(one, one) * hsic(two, two)
    return hsic(one, two) / math.sqrt(scale) if scale > 0 else math.nan


def gram(features: Tensor) -> Tensor:
    """Return the inner products (N, N) of features (N, D) in double precision, with a zeroed diagonal."""
    centred = features.double() - features.double().mean(0)  # the estimate is the same, the rounding smaller
    return (centred @ centred.T).fill_diagonal_(0)


def hsic(one: Tensor, two: Tensor) -> float:
    """Return the unbiased Hilbert-Schmidt independence criterion of two Gram matrices (N, N) with zero diagonals."""
    count = len(one)
    products = (one * two).sum()
    sums = one.sum() * two.sum() / ((count - 1) * (count - 2))
    rows = 2 / (count - 2) * (one.sum(0) * two.sum(0)).sum()
    return float((products + sums - rows) / (count * (count - 3)))
