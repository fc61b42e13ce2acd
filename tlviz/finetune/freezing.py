"""Frozen means frozen: which parameters train, and which modules stay in eval mode."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from torch import nn

from tlviz.errors import BadSettingError
from tlviz.finetune.choices import BatchNorm, Tune
from tlviz.models.batchnorm import BatchNormLayer, batchnorms
from tlviz.models.spec import Stage
from tlviz.models.stages import named_stage_parameters, owns, stage_modules

_NORMS = (BatchNormLayer, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)


def set_trainable(
    module: nn.Module, stages: Sequence[Stage], frozen: Collection[int], tune: Tune, batchnorm: BatchNorm
) -> None:
    """Let exactly those parameters require gradients that the plan lets train; the last stage, the head, trains whole.

    Raises ``BadSettingError`` where only normalisation layers may train and there are none.
    """
    if tune is Tune.NORMS:
        need_norms(module, stages)
    for at, stage in enumerate(stages):
        for name, parameter in named_stage_parameters(module, stage):
            owner = module.get_submodule(name.rpartition(".")[0])
            is_head = at == len(stages) - 1
            if at in frozen:
                trains = batchnorm is BatchNorm.TRAIN and isinstance(owner, BatchNormLayer)
            else:
                trains = is_head or _is_tuned(name, owner, tune)
            parameter.requires_grad_(trains)


def need_norms(module: nn.Module, stages: Sequence[Stage]) -> None:
    """Raise ``BadSettingError`` where no backbone stage has normalisation layers with weights to train."""
    names = [name for stage in stages[:-1] for name, _ in named_stage_parameters(module, stage)]
    if not any(_is_norm(module.get_submodule(name.rpartition(".")[0])) for name in names):
        raise BadSettingError(
            "This network has no normalisation layers to train; choose another strategy, or a network that has some."
        )


def train_mode(
    module: nn.Module,
    stages: Sequence[Stage],
    frozen: Collection[int],
    batchnorm: BatchNorm = BatchNorm.FROZEN,
    unfrozen: Collection[int] = (),
) -> None:
    """Put a network into training mode while its frozen stages stay in eval, so that no BatchNorm statistic moves.

    Nor do those of ``unfrozen`` stages, whose weights train: what was trained behind them while they were frozen would
    see other features at once.  With ``MOVE`` and ``TRAIN`` the BatchNorm layers of both follow the batches.
    """
    module.train()
    moves = batchnorm in (BatchNorm.MOVE, BatchNorm.TRAIN)
    for at in () if moves else unfrozen:
        for part in stage_modules(module, stages[at]):
            for norm in batchnorms(part):
                norm.eval()
    for at in frozen:
        for part in stage_modules(module, stages[at]):
            part.eval()
            if moves:
                for norm in batchnorms(part):
                    norm.train()


def moving_names(
    module: nn.Module, stages: Sequence[Stage], always_frozen: Collection[int], tune: Tune, batchnorm: BatchNorm
) -> list[str]:
    """Return the names in the ``state_dict`` that a run may change: all that a later process must restore."""
    parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    names = []
    for name in module.state_dict():
        at = next(n for n, stage in enumerate(stages) if owns(stage, name))
        owner = module.get_submodule(name.rpartition(".")[0])
        moves = batchnorm is not BatchNorm.FROZEN and isinstance(owner, BatchNormLayer)
        may_move = name not in parameters or at == len(stages) - 1 or _is_tuned(name, owner, tune)
        if moves or (at not in always_frozen and may_move):
            names.append(name)
    return names


def trainable_count(module: nn.Module) -> tuple[int, int]:
    """Return how many scalars train and how many do not."""
    counts = {True: 0, False: 0}
    for parameter in module.parameters():
        counts[parameter.requires_grad] += parameter.numel()
    return counts[True], counts[False]


def _is_norm(layer: nn.Module) -> bool:
    """Return whether a layer normalises; those that timm wrote itself (RmsNorm, EvoNorm) are known by their names."""
    return isinstance(layer, _NORMS) or "norm" in type(layer).__name__.lower()


def _is_tuned(name: str, owner: nn.Module, tune: Tune) -> bool:
    match tune:
        case Tune.NORMS:
            return _is_norm(owner)
        case Tune.LORA:
            return ".lora_" in name
    return True
