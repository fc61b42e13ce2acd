"""Whether a new head learns better at another rate than the course's: by training, judged on pictures left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz.diagnose.features import Features
from tlviz.diagnose.records import RateTrial
from tlviz.measures.held_out import fold_numbers

COURSE_RATE = 1e-3
RATES = (3e-4, COURSE_RATE, 3e-3)
EPOCHS = 8
"""About as many as a first run takes."""
SURE = 3.0
"""Another rate is taken where it is better by more than this many standard errors of the paired difference: each rate
has the best of several epochs, which alone makes differences."""
LEAST_GAIN = 0.01
_BATCH = 32
_DECAY = 0.01

Ints = NDArray[np.int64]
Rights = NDArray[np.float64]


def try_rates(features: Features, labels: Ints, groups: Ints | None, seed: int) -> RateTrial:
    """Train a linear head on features (N, D) at three rates from the same start, judged on the pictures left out.

    As a run trains its head: AdamW, 32 pictures a step.  Five parts are left out in turn, with all pictures of a group
    (N,); of each rate the best epoch counts.  The course's rate stays unless another is better by more than three
    standard errors of the difference, picture by picture.
    """
    own = np.arange(len(labels)) if groups is None else groups
    folds = fold_numbers(labels, own, seed)
    rights = [_best_epoch(found) for found in _train(features, labels, folds, seed)]
    course = rights[RATES.index(COURSE_RATE)]
    gains = [right - course for right in rights]
    errors = [float(gain.std() / np.sqrt(len(gain))) for gain in gains]
    better = [at for at, gain in enumerate(gains) if gain.mean() > max(SURE * errors[at], LEAST_GAIN)]
    chosen = max(better, key=lambda at: float(gains[at].mean()), default=RATES.index(COURSE_RATE))
    return RateTrial(
        rates=RATES,
        accuracies=tuple(float(right.mean()) for right in rights),
        chosen=RATES[chosen],
        gain=float(gains[chosen].mean()),
        gain_se=errors[chosen],
    )


def _best_epoch(rights: Sequence[Rights]) -> Rights:
    return max(rights, key=lambda right: float(right.mean()))


def _train(features: Features, labels: Ints, folds: Ints, seed: int) -> list[list[Rights]]:
    """Return for each rate, epoch by epoch, which left-out pictures (N,) are named rightly, 0 or 1.

    All rates and parts are trained side by side, as one network of many heads.
    """
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.from_numpy(np.ascontiguousarray(features)).float(), torch.from_numpy(labels)
    parts = [torch.from_numpy(np.flatnonzero(folds != fold)) for fold in np.unique(folds)]
    each = min(map(len, parts))
    heads = [_Heads(len(parts), int(labels.max()) + 1, x.shape[1], rate, seed) for rate in RATES]
    found: list[list[Rights]] = [[] for _ in RATES]
    for _ in range(EPOCHS):
        order = torch.stack([part[torch.randperm(len(part), generator=generator)[:each]] for part in parts])
        for rows in torch.split(order, _BATCH, dim=1):
            for head in heads:
                head.learn(x[rows], y[rows])
        for right, head in zip(found, heads, strict=True):
            right.append(_left_out(head, x, labels, folds))
    return found


class _Heads:
    """A linear head for each part, (P, C, D), all of one rate and from one start."""

    def __init__(self, parts: int, classes: int, width: int, rate: float, seed: int) -> None:
        start = torch.rand(classes, width, generator=torch.Generator().manual_seed(seed))
        start = (2 * start - 1) * width**-0.5  # as PyTorch begins a linear layer
        self._weight = start.repeat(parts, 1, 1).requires_grad_()
        self._bias = torch.zeros(parts, 1, classes, requires_grad=True)
        self._optimizer = torch.optim.AdamW([self._weight, self._bias], lr=rate, weight_decay=_DECAY)

    def learn(self, x: Tensor, y: Tensor) -> None:
        """Take one step on a batch (P, B, D) with labels (P, B)."""
        self._optimizer.zero_grad()
        logits = x @ self._weight.transpose(1, 2) + self._bias
        each = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
        each.view(y.shape).mean(1).sum().backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()

    def name(self, x: Tensor) -> Ints:
        """Return the class of each picture (N, D) by each head: (P, N)."""
        with torch.no_grad():
            named: Ints = (x @ self._weight.transpose(1, 2) + self._bias).argmax(2).numpy()
        return named


def _left_out(head: _Heads, x: Tensor, labels: Ints, folds: Ints) -> Rights:
    places = np.searchsorted(np.unique(folds), folds)
    named = head.name(x)[places, np.arange(len(labels))]
    right: Rights = (named == labels).astype(np.float64)
    return right
