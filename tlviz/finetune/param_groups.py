"""The optimizer's groups: exactly what trains, each stage at its own rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tlviz.finetune.choices import Optimizer
from tlviz.finetune.config import FinetuneConfig
from tlviz.models.spec import Stage
from tlviz.models.stages import named_stage_parameters

_SPARED = ("bias", "pos_emb")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One parameter group as read back from the optimizer, for the table a person sees."""

    stage: str
    parameters: int
    lr: float
    weight_decay: float


def build_optimizer(
    module: nn.Module,
    stages: Sequence[Stage],
    rates: Sequence[float],
    config: FinetuneConfig,
    previous: torch.optim.Optimizer | None = None,
) -> torch.optim.Optimizer:
    """Build the optimizer over what trains, at one rate a stage; what trained before keeps its moments.

    Weight decay spares what ``is_decayed`` spares, and the backbone where L2-SP takes its place.
    """
    groups: list[dict[str, Any]] = []
    for stage, rate in zip(stages, rates, strict=True):
        trainable = [(name, p) for name, p in named_stage_parameters(module, stage) if p.requires_grad]
        is_pulled_back = config.l2_sp > 0 and stage is not stages[-1]
        for decay, members in (
            (0.0 if is_pulled_back else config.weight_decay, [p for name, p in trainable if is_decayed(name, p)]),
            (0.0, [p for name, p in trainable if not is_decayed(name, p)]),
        ):
            if members:
                groups.append(
                    {"params": members, "lr": rate, "full_lr": rate, "weight_decay": decay, "stage": stage.name}
                )
    optimizer: torch.optim.Optimizer
    if config.optimizer is Optimizer.SGD:
        optimizer = torch.optim.SGD(groups, momentum=0.9, nesterov=True, fused=True)
    else:
        optimizer = torch.optim.AdamW(groups, fused=True)
    if previous is not None:
        for parameter in (p for group in groups for p in group["params"]):
            if parameter in previous.state:
                optimizer.state[parameter] = previous.state[parameter]
    return optimizer


def is_decayed(name: str, parameter: nn.Parameter) -> bool:
    """Return whether weight decay applies to a parameter: to matrices and kernels, not to scales and biases.

    Those have one side longer than 1, whatever their shape (ConvNeXt's scales are (C, 1, 1)); tables of position
    biases and embeddings have two, and are known by their names, as in timm.
    """
    own = name.rpartition(".")[2]
    return sum(side > 1 for side in parameter.shape) > 1 and not any(word in own for word in _SPARED)


def scale_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set every group's rate to its full rate times the schedule's factor."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_lr"] * factor


def group_table(optimizer: torch.optim.Optimizer) -> list[GroupRow]:
    """Read the parameter groups back from the optimizer, in the order of the stages."""
    return [
        GroupRow(
            stage=group["stage"],
            parameters=sum(parameter.numel() for parameter in group["params"]),
            lr=group["lr"],
            weight_decay=group["weight_decay"],
        )
        for group in optimizer.param_groups
    ]


def rates_by_stage(optimizer: torch.optim.Optimizer) -> dict[str, float]:
    """Read every training stage's rate back from the optimizer."""
    return {group["stage"]: group["lr"] for group in optimizer.param_groups}
