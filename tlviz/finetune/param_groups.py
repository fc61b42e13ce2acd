"""Frozen stages and the optimizer's groups: one home for what trains, and at which rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tlviz.finetune.config import FinetuneConfig, Optimizer
from tlviz.models.spec import Stage
from tlviz.models.stages import named_stage_parameters, stage_modules


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One parameter group as read back from the optimizer, for the table a person sees."""

    stage: str
    parameters: int
    lr: float
    weight_decay: float


def freeze_stages(module: nn.Module, stages: Sequence[Stage], freeze: int) -> None:
    """Let exactly the stages from ``freeze`` on require gradients."""
    for at, stage in enumerate(stages):
        for _, parameter in named_stage_parameters(module, stage):
            parameter.requires_grad_(at >= freeze)


def train_mode(module: nn.Module, stages: Sequence[Stage], freeze: int) -> None:
    """Put a network into training mode while its frozen stages stay in eval, so that no BatchNorm statistic moves."""
    module.train()
    for stage in stages[:freeze]:
        for part in stage_modules(module, stage):
            part.eval()


def stage_rates(config: FinetuneConfig, stage_count: int, freeze: int) -> list[float]:
    """Return the learning rate of every stage, 0 where frozen: the backbone's falls by ``layer_decay`` per stage."""
    backbone = [
        config.backbone_lr * config.layer_decay ** (stage_count - 2 - at) if at >= freeze else 0.0
        for at in range(stage_count - 1)
    ]
    return [*backbone, config.head_lr]


def build_optimizer(
    module: nn.Module, stages: Sequence[Stage], config: FinetuneConfig, freeze: int
) -> torch.optim.Optimizer:
    """Build the optimizer over the trainable stages; weight decay spares biases and normalisation (one-dimensional)."""
    groups: list[dict[str, Any]] = []
    for stage, rate in zip(stages, stage_rates(config, len(stages), freeze), strict=True):
        trainable = [p for _, p in named_stage_parameters(module, stage) if p.requires_grad]
        for decay, members in (
            (config.weight_decay, [p for p in trainable if p.ndim > 1]),
            (0.0, [p for p in trainable if p.ndim <= 1]),
        ):
            if members:
                groups.append({"params": members, "lr": rate, "weight_decay": decay, "stage": stage.name})
    if config.optimizer is Optimizer.SGD:
        return torch.optim.SGD(groups, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups)


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
