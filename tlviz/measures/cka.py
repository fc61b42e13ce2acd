"""How alike two layers see the same images, whatever the rotation and scale of their features."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

BATCH = 1000
"""The most images whose Gram matrices are held at once."""


def linear_cka(first: Tensor, second: Tensor) -> float:
    """Return the debiased linear CKA of features (N, D1) and (N, D2) of the same N images: 1 is alike, 0 unrelated.

    Kornblith et al. 2019 (https://arxiv.org/abs/1905.00414) with the unbiased HSIC of Song et al. 2012, as in Nguyen
    et al. 2021; may be slightly negative.  NaN where one side does not vary at all.  Raises ``ValueError`` for fewer
    than 4 images.
    """
    if len(first) != len(second) or len(first) < 4:
        raise ValueError(f"CKA needs the same images on both sides, at least 4; got {len(first)} and {len(second)}.")
    one, two = gram(first), gram(second)
    return _ratio(hsic(one, two), hsic(one, one), hsic(two, two))


def minibatch_cka(batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Return the debiased linear CKA over batches of features ((n, D1), (n, D2)) of the same images, n at least 4.

    Nguyen et al. 2021 (https://arxiv.org/abs/2010.15327): each HSIC is averaged over the batches before they are
    divided, so the memory is that of one batch and the estimate does not depend on its size.
    """
    sums = [0.0, 0.0, 0.0]
    for first, second in batches:
        one, two = gram(first), gram(second)
        for at, pair in enumerate(((one, two), (one, one), (two, two))):
            sums[at] += hsic(*pair)
    return _ratio(*sums)


def cka_matrix(first: Sequence[Tensor], second: Sequence[Tensor] | None = None) -> list[list[float]]:
    """Return the debiased linear CKA between all of the features (N, D) in ``first`` and all in ``second``.

    All are of the same N images; without ``second`` the features are compared with each other.  Above 1,000 images
    each HSIC is the mean over batches, as in ``minibatch_cka``: the Gram matrices of all stages would fill the memory.
    """
    columns = first if second is None else second
    between = torch.zeros(len(first), len(columns), dtype=torch.float64)
    across, down = (torch.zeros(len(features), dtype=torch.float64) for features in (first, columns))
    for rows in _batches(len(first[0])):
        ones = [gram(features[rows]) for features in first]
        twos = ones if second is None else [gram(features[rows]) for features in second]
        across += torch.tensor([hsic(one, one) for one in ones], dtype=torch.float64)
        down += torch.tensor([hsic(two, two) for two in twos], dtype=torch.float64)
        between += torch.tensor([[hsic(one, two) for two in twos] for one in ones], dtype=torch.float64)
    sizes = across.tolist(), down.tolist()
    return [
        [_ratio(value, sizes[0][i], sizes[1][j]) for j, value in enumerate(row)]
        for i, row in enumerate(between.tolist())
    ]


def _batches(count: int) -> list[Tensor]:
    """Return the rows of random batches of like size, at most 1,000 each; all rows in their order where they fit."""
    if count <= BATCH:
        return [torch.arange(count)]
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    return list(order.tensor_split(-(-count // BATCH)))


def _ratio(between: float, first: float, second: float) -> float:
    return between / math.sqrt(first * second) if first > 0 and second > 0 else math.nan


def gram(features: Tensor) -> Tensor:
    """Return the inner products (N, N) of features (N, D) in double precision on the CPU, with a zeroed diagonal."""
    exact = features.detach().cpu().double()  # MPS has no double precision
    centred = exact - exact.mean(0)  # the estimate is the same, the rounding smaller
    return (centred @ centred.T).fill_diagonal_(0)


def hsic(one: Tensor, two: Tensor) -> float:
    """Return the unbiased Hilbert-Schmidt independence criterion of two Gram matrices (N, N) with zero diagonals."""
    count = len(one)
    products = (one * two).sum()
    sums = one.sum() * two.sum() / ((count - 1) * (count - 2))
    rows = 2 / (count - 2) * (one.sum(0) * two.sum(0)).sum()
    return float((products + sums - rows) / (count * (count - 3)))
