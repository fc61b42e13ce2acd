"""LoRA: small trained matrices beside the frozen ones of attention, through the ``peft`` library."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tlviz import vision
from tlviz.errors import BadSettingError
from tlviz.models.hooks import forward_hooks
from tlviz.models.spec import Stage
from tlviz.models.stages import stage_modules

_ATTENTION = "attention"
_REFUSAL = (
    "LoRA needs attention that calls linear layers of its own in a stage that trains, and this network has none there; "
    "choose a vision transformer of timm, or tune all."
)


def inject(
    module: nn.Module, stages: Sequence[Stage], frozen: Collection[int], rank: int, seed: int, sample: Tensor
) -> None:
    """Add adapters of a rank to the attention layers of the backbone stages that are not frozen to the end, in place.

    Hu et al. 2021 (https://arxiv.org/abs/2106.09685); an adapter adds nothing until it is trained.  ``sample`` is any
    input (1, 3, S, S).  Raises ``BadSettingError`` where no attention has linear layers that can carry one.
    """
    names = need_linears(module, stages, frozen, sample)
    peft = vision.peft()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        peft.inject_adapter_in_model(
            peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names, lora_dropout=0.0), module
        )


def need_linears(module: nn.Module, stages: Sequence[Stage], frozen: Collection[int], sample: Tensor) -> list[str]:
    """Return the dotted names of the layers that adapters can stand beside, in the backbone stages that are not frozen.

    ``sample`` is any input (1, 3, S, S).  Raises ``BadSettingError`` where there are none, or where attention takes a
    layer's weights without calling it, so that its adapter would do nothing.
    """
    names = attention_linears(module, [stage for at, stage in enumerate(stages[:-1]) if at not in frozen])
    if not names or _called(module, names, sample) != set(names):
        raise BadSettingError(_REFUSAL)
    return names


def _called(module: nn.Module, names: Sequence[str], sample: Tensor) -> set[str]:
    called: set[str] = set()
    layers = {name: module.get_submodule(name) for name in names}
    with forward_hooks(layers, lambda name, *_: called.add(name)), torch.no_grad():
        module.eval()(sample)
    return called


def attention_linears(module: nn.Module, stages: Sequence[Stage]) -> list[str]:
    """Return the dotted names of the linear layers inside attention modules, known by their class's name, of stages.

    torch's own ``MultiheadAttention`` has none: there ``peft`` would add to the frozen weights and take away again at
    every pass, which does not leave them as they were.
    """
    inside = {id(inner) for stage in stages for part in stage_modules(module, stage) for inner in part.modules()}
    names = []
    for path, attention in module.named_modules():
        if id(attention) not in inside or _ATTENTION not in type(attention).__name__.lower():
            continue
        names += [f"{path}.{name}" for name, layer in attention.named_modules() if type(layer) is nn.Linear and name]
    return sorted(set(names))


def plain_state(module: nn.Module) -> dict[str, Tensor]:
    """Return a network's ``state_dict`` with adapters merged into the weights they stand beside, under plain names."""
    if not _is_adapted(module):
        return module.state_dict()
    merged = copy.deepcopy(module)
    for path, layer in _adapted_layers(merged):
        layer.merge()
        merged.set_submodule(path, layer.get_base_layer())
    return merged.state_dict()


@torch.no_grad()
def adapted_weights(module: nn.Module) -> dict[str, tuple[Tensor, Tensor]]:
    """Return what adapters add to each layer that carries one, scale B A, and its own weight W, both (out, in).

    By dotted name; nothing where the network has no adapters.
    """
    if not _is_adapted(module):
        return {}
    return {path: (_added(layer), layer.get_base_layer().weight.detach()) for path, layer in _adapted_layers(module)}


def _added(layer: Any) -> Tensor:
    added: Tensor = sum(layer.get_delta_weight(name) for name in layer.active_adapters)
    return added


def _is_adapted(module: nn.Module) -> bool:
    return any(".lora_" in name for name, _ in module.named_parameters())


def _adapted_layers(module: nn.Module) -> list[tuple[str, Any]]:
    layer_type = vision.peft().tuners.lora.LoraLayer
    return [(path, layer) for path, layer in module.named_modules() if isinstance(layer, layer_type)]
