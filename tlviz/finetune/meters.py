"""What an epoch of training tells beside its loss: gradients, their noise, and how far the weights have moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tlviz.finetune.lora import adapted_weights
from tlviz.measures.noise_scale import gradient_noise_scale
from tlviz.measures.relative_gradients import relative_norm
from tlviz.models.spec import Stage
from tlviz.models.stages import owns


class TrainingMeter:
    """Adds up loss and hits over the batches of an epoch, without waiting for the device at any of them."""

    def __init__(self, device: torch.device) -> None:
        self._loss = torch.zeros((), device=device)
        self._hits = torch.zeros((), device=device)
        self._images = 0

    @torch.no_grad()
    def note(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Take in a batch's mean loss, its logits (n, C) and labels (n,)."""
        self._loss += loss.detach() * len(labels)
        self._hits += (logits.detach().argmax(1) == labels).sum()
        self._images += len(labels)

    def read(self) -> tuple[float, float]:
        """Return mean loss and accuracy, a fraction, over the epoch."""
        return self._loss.item() / self._images, self._hits.item() / self._images


class GradientMeter:
    """Adds up the gradients of an epoch on their device, without waiting for it at any step."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._members: dict[str, list[nn.Parameter]] = {}
        for group in optimizer.param_groups:
            self._members.setdefault(group["stage"], []).extend(group["params"])
        self._sums: dict[nn.Parameter, Tensor] = {}
        self._norms: dict[str, list[Tensor]] = {stage: [] for stage in self._members}
        self._images = 0

    @torch.no_grad()
    def note(self, images: int) -> None:
        """Take in the gradients of one update, made from this many images."""
        self._images += images
        for stage, members in self._members.items():
            gradients = [p.grad for p in members if p.grad is not None]
            self._norms[stage].append(torch.nn.utils.get_total_norm(gradients))
        trained = [p for members in self._members.values() for p in members if p.grad is not None]
        if not self._sums:
            self._sums = {p: torch.zeros_like(p) for p in trained}
        known = [p for p in trained if p in self._sums]
        torch._foreach_add_([self._sums[p] for p in known], [p.grad for p in known if p.grad is not None])

    def norms(self) -> dict[str, float]:
        """Return each stage's gradient norm, as a mean over the updates."""
        return {stage: torch.stack(norms).mean().item() for stage, norms in self._norms.items() if norms}

    def noise_scale(self) -> float | None:
        """Return the epoch's gradient noise scale in images, or None where the noise hides the gradient."""
        steps = max(len(norms) for norms in self._norms.values())
        if steps < 2:
            return None
        mean_square = sum(float((torch.stack(norms) ** 2).mean()) for norms in self._norms.values() if norms)
        total = torch.nn.utils.get_total_norm(list(self._sums.values())).item()
        return gradient_noise_scale(mean_square, (total / steps) ** 2, steps, self._images / steps)


def weight_drift(module: nn.Module, stages: Sequence[Stage], starts: Mapping[str, Tensor]) -> dict[str, float]:
    """Return how far each backbone stage has moved, as |w - start| / |start| over its parameters; 0 where none trains.

    ``starts`` holds copies by name of those that may train.  Where adapters (LoRA) train in their place it is
    |scale B A| / |W|, over the layers W that carry one.
    """
    adapted = adapted_weights(module)
    drift = {}
    for stage in stages[:-1]:
        if adapted:
            pairs = [pair for path, pair in adapted.items() if owns(stage, path)]
            drift[stage.name] = relative_norm([added for added, _ in pairs], [weight for _, weight in pairs])
            continue
        own = [(name, parameter.detach()) for name, parameter in module.named_parameters() if owns(stage, name)]
        changes = [parameter - starts[name] for name, parameter in own if name in starts]
        weights = [starts.get(name, parameter) for name, parameter in own]
        drift[stage.name] = relative_norm(changes, weights) if changes else 0.0
    return drift
