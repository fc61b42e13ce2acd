"""What keeps a small target from being learnt by heart: averaged weights, a pull to the start, mixed pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tlviz.finetune.choices import ClassWeights
from tlviz.finetune.config import FinetuneConfig


class TrainingLoss(nn.CrossEntropyLoss):
    """The cross-entropy of a run: a mean over a batch, in which every image counts by its class's weight."""

    def share(self, piece: Tensor, batch: Tensor, targets: Tensor) -> Tensor | float:
        """Return how much a piece with labels (m,) counts in the mean over a batch with labels (n,).

        ``targets`` are what the piece is compared with: soft ones (m, C) count alike, whatever their weights.
        """
        if self.weight is None or targets.ndim > 1:
            return len(piece) / len(batch)
        return self.weight[piece].sum() / self.weight[batch].sum()


def training_loss(config: FinetuneConfig, train_labels: Tensor, classes: int) -> TrainingLoss:
    """Return the cross-entropy of a run, with label smoothing and weights n / (C n_c) where classes are balanced.

    ``train_labels`` (n,) are on the training device.  Classes without training images weigh nothing.
    """
    weights = None
    if config.class_weights is ClassWeights.BALANCED:
        counts = train_labels.bincount(minlength=classes)
        weights = torch.where(counts > 0, len(train_labels) / (classes * counts.clamp(min=1)), 0.0)
    return TrainingLoss(weights, label_smoothing=config.label_smoothing)


class PullToStart:
    """L2-SP (Li et al. 2018, https://arxiv.org/abs/1802.01483): pretrained weights are pulled to where they started.

    Decoupled from the gradient, as AdamW does with weight decay: after a step with rate r, w moves to its start by the
    share r * strength.
    """

    def __init__(self, starts: Mapping[nn.Parameter, Tensor], strength: float) -> None:
        self._starts = starts
        self._strength = strength

    @torch.no_grad()
    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Pull every weight that the optimizer has just moved."""
        for group in optimizer.param_groups:
            share = min(1.0, group["lr"] * self._strength)
            for parameter in group["params"]:
                if parameter in self._starts:
                    parameter.lerp_(self._starts[parameter], share)


class AveragedWeights:
    """An exponential moving average of what trains, buffers included (Polyak averaging, as in timm's ModelEmaV3).

    The decay rises as (1 + t) / (10 + t) to its value, so that short runs are averaged over what they have.
    """

    def __init__(self, tensors: Mapping[str, Tensor], decay: float) -> None:
        self._live = tensors
        self._decay = decay
        self.steps = 0
        self.average = {name: tensor.detach().clone() for name, tensor in tensors.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after a step; counters and the like are copied."""
        self.steps += 1
        share = 1 - min(self._decay, (1 + self.steps) / (10 + self.steps))
        for name, live in self._live.items():
            if live.is_floating_point():
                self.average[name].lerp_(live, share)
            else:
                self.average[name].copy_(live)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averages into the network while the context lasts, the live weights back afterwards."""
        live = {name: tensor.detach().clone() for name, tensor in self._live.items()}
        _copy(self.average, self._live)
        try:
            yield
        finally:
            _copy(live, self._live)

    def restore(self, average: Mapping[str, Tensor], steps: int) -> None:
        """Go on from a saved average."""
        _copy(average, self.average)
        self.steps = steps


@torch.no_grad()
def _copy(source: Mapping[str, Tensor], to: Mapping[str, Tensor]) -> None:
    for name, tensor in to.items():
        tensor.copy_(source[name])
