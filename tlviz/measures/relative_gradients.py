"""Where the target pulls hardest: the size of each stage's gradient beside its weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


def relative_gradients(stages: Sequence[Sequence[Tensor]], losses: Iterable[Tensor]) -> list[float]:
    """Return each stage's relative gradient norm, divided by the largest: (stages,), all 1 where every one is 0.

    Lee et al. 2022, surgical fine-tuning (https://arxiv.org/abs/2210.11466), the Auto-RGN rule: the mean over losses of
    |gradient| / |weight| of a stage's parameters, frozen ones as well.  One-dimensional tensors (normalisation, biases)
    and those that are all zero are left out; a stage without any others gets 0.  ``losses`` are computed as they are
    asked for, while all of these parameters require gradients.
    """
    chosen = [[p for p in members if p.ndim > 1 and p.is_floating_point() and bool(p.any())] for members in stages]
    flat = [parameter for members in chosen for parameter in members]
    totals = [0.0] * len(chosen)
    with _trainable(flat):
        for loss in losses:
            found = torch.autograd.grad(loss, flat, allow_unused=True)
            gradients = {p: g for p, g in zip(flat, found, strict=True) if g is not None}
            for at, members in enumerate(chosen):
                used = [p for p in members if p in gradients]
                totals[at] += relative_norm([gradients[p] for p in used], used)
    largest = max(totals)
    return [total / largest if largest > 0 else 1.0 for total in totals]


def relative_norm(changes: Sequence[Tensor], weights: Sequence[Tensor]) -> float:
    """Return |changes| / |weights| over tensors of any matching shapes, all taken as one vector; 0 without weights."""
    size = _norm(weights)
    return _norm(changes) / size if size > 0 else 0.0


def _norm(tensors: Sequence[Tensor]) -> float:
    """Return the length of some tensors taken as one vector; each one's in its own precision, as MPS has no double."""
    norms = [torch.linalg.vector_norm(tensor.detach()) for tensor in tensors]
    return math.hypot(*torch.stack(norms).tolist()) if norms else 0.0


@contextmanager
def _trainable(parameters: Sequence[Tensor]) -> Iterator[None]:
    trained = [parameter.requires_grad for parameter in parameters]
    try:
        for parameter in parameters:
            parameter.requires_grad_(True)
        yield
    finally:
        for parameter, was_trained in zip(parameters, trained, strict=True):
            parameter.requires_grad_(was_trained)
