"""From a network to its ordered stages, by module tree and execution order alone, whatever the architecture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from tlviz.errors import TlvizError
from tlviz.models.hooks import forward_hooks
from tlviz.models.spec import Stage

MAX_STAGES = 16
_OPEN_ABOVE = 0.5
"""A plain container that holds more than this share of the compute is opened into its children."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One executed module: its output's shape (batch first) and the multiply-adds inside it."""

    path: str
    shape: tuple[int, ...]
    macs: int


@dataclass(frozen=True, slots=True)
class _Group:
    """A stage in the making: a name and the executed modules in it."""

    name: str
    visits: tuple[_Visit, ...]

    @property
    def macs(self) -> int:
        return sum(visit.macs for visit in self.visits)


def derive_stages(module: nn.Module, sample: Tensor) -> tuple[Stage, ...]:
    """Order a network's modules into 4 to 16 stages, from ``stem`` to ``head``; each parameter is in exactly one.

    Every executed unit with weights opens a stage and what follows it without weights joins; the head is the last
    layer with weights, with the global pooling around it.  ``sample`` is one picture (1, 3, S, S).  Multiply-adds
    are counted for convolutions and linear layers.  Raises ``TlvizError`` where a parameter is in no stage.
    """
    visits = _trace(module, sample)
    head = _head_path(module, visits)
    units = _units(module, visits, head)
    groups = _merge_small(_group(module, units, head))
    total = max(1, sum(group.macs for group in groups))
    stages = tuple(_describe(module, group, sample.shape[-1], total) for group in groups)
    _check_partition(module, stages)
    return stages


def head_layer(module: nn.Module, stages: tuple[Stage, ...]) -> tuple[str, nn.Module]:
    """Return the path and the layer that produces the class logits: the last one with weights in the head stage."""
    layers = [
        (f"{path}.{name}".strip("."), layer)
        for path in stages[-1].modules
        for name, layer in module.get_submodule(path).named_modules()
        if _is_weight_leaf(layer)
    ]
    return layers[-1]


def stage_modules(module: nn.Module, stage: Stage) -> Iterator[nn.Module]:
    """Yield the modules of one stage in execution order."""
    for path in stage.modules:
        yield module.get_submodule(path)


def named_stage_parameters(module: nn.Module, stage: Stage) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the parameters of one stage with their dotted names in the whole network."""
    for path in stage.modules:
        for name, parameter in module.get_submodule(path).named_parameters():
            yield f"{path}.{name}", parameter


def _trace(module: nn.Module, sample: Tensor) -> dict[str, _Visit]:
    """Run the network once in eval mode and note every executed module, in the order of their ends."""
    shapes: dict[str, tuple[int, ...]] = {}
    macs: dict[str, int] = {}

    def note(path: str, layer: nn.Module, output: Tensor) -> None:
        if isinstance(output, Tensor):
            shapes[path] = tuple(output.shape)
            macs[path] = _own_macs(layer, output)

    with forward_hooks({path: layer for path, layer in module.named_modules() if path}, note):
        was_training = module.training
        module.eval()
        try:
            with torch.no_grad():
                module(sample)
        finally:
            module.train(was_training)
    return {
        path: _Visit(path, shape, sum(n for p, n in macs.items() if p == path or p.startswith(f"{path}.")))
        for path, shape in shapes.items()
    }


def _own_macs(layer: nn.Module, output: Tensor) -> int:
    """Multiply-adds of a convolution or linear layer: weights times output positions."""
    if not _is_weight_leaf(layer):
        return 0
    weight = layer.get_parameter("weight")
    return int(weight.numel() * output.numel() // (output.shape[0] * weight.shape[0]))


def _is_weight_leaf(layer: nn.Module) -> bool:
    weight = getattr(layer, "weight", None)
    return isinstance(weight, nn.Parameter) and weight.ndim >= 2 and not any(layer.children())


def _head_path(module: nn.Module, visits: dict[str, _Visit]) -> str:
    leaves = [path for path in visits if _is_weight_leaf(module.get_submodule(path))]
    if not leaves:
        raise TlvizError("This network has no layer with weights, so it cannot be divided into stages.")
    return leaves[-1]


def _units(module: nn.Module, visits: dict[str, _Visit], head: str) -> list[_Visit]:
    """Open plain containers that hold most of the compute, or the head beside other weights."""
    total = sum(visit.macs for path, visit in visits.items() if "." not in path)
    units = _children(module, "", visits)
    while True:
        wide = next((unit for unit in units if _must_open(module, unit, total, head)), None)
        if wide is None:
            return units
        at = units.index(wide)
        units[at : at + 1] = _children(module, wide.path, visits)


def _must_open(module: nn.Module, unit: _Visit, total: int, head: str) -> bool:
    layer = module.get_submodule(unit.path)
    if not isinstance(layer, nn.Sequential):
        return False
    holds_head = head.startswith(f"{unit.path}.")
    leaves = sum(_is_weight_leaf(inner) for inner in layer.modules())
    return (holds_head and leaves > 1) or (not holds_head and unit.macs > _OPEN_ABOVE * total)


def _children(module: nn.Module, path: str, visits: dict[str, _Visit]) -> list[_Visit]:
    prefix = f"{path}." if path else ""
    inner = {f"{prefix}{name}" for name, _ in module.get_submodule(path).named_children()}
    return [visit for visit in visits.values() if visit.path in inner]


def _group(module: nn.Module, units: list[_Visit], head: str) -> list[_Group]:
    """Join units into stages; the head takes the global pooling and dropout directly before it."""
    start = next(at for at, unit in enumerate(units) if head == unit.path or head.startswith(f"{unit.path}."))
    while start > 1 and _belongs_to_head(module, units[start - 1]):
        start -= 1
    groups: list[_Group] = []
    for unit in units[:start]:
        has_weights = any(_is_weight_leaf(inner) for inner in module.get_submodule(unit.path).modules())
        if not groups or (has_weights and groups[-1].macs):
            name = _name(module, unit.path, len(groups) + 1)
            groups.append(_Group(name, (unit,)))
        else:
            groups[-1] = replace(groups[-1], visits=(*groups[-1].visits, unit))
    if not groups:
        raise TlvizError("This network has no stage before its head, so there is nothing to transfer.")
    groups[0] = replace(groups[0], name="stem")
    return [*groups, _Group("head", tuple(units[start:]))]


def _belongs_to_head(module: nn.Module, unit: _Visit) -> bool:
    layer = module.get_submodule(unit.path)
    if any(True for _ in layer.parameters()):
        return False
    is_pooled = len(unit.shape) < 4 or unit.shape[-1] == 1
    return is_pooled or isinstance(layer, nn.Dropout)


def _name(module: nn.Module, path: str, position: int) -> str:
    """Name a stage by its attribute, or a numbered block by its class and position (fire2), or its container."""
    parent, _, name = path.rpartition(".")
    if not name.isdigit():
        return name
    layer = module.get_submodule(path)
    is_generic = isinstance(layer, nn.Sequential) or _is_weight_leaf(layer)
    return f"{parent.rpartition('.')[2]}.{name}" if is_generic else f"{type(layer).__name__.lower()}{position}"


def _merge_small(groups: list[_Group]) -> list[_Group]:
    """Merge the cheapest neighbours between stem and head until at most ``MAX_STAGES`` remain."""
    merged = list(groups)
    while len(merged) > MAX_STAGES:
        at = min(range(1, len(merged) - 2), key=lambda i: merged[i].macs + merged[i + 1].macs)
        merged[at : at + 2] = [_Group(merged[at].name, merged[at].visits + merged[at + 1].visits)]
    return merged


def _describe(module: nn.Module, group: _Group, side: int, total_macs: int) -> Stage:
    shape = group.visits[-1].shape
    return Stage(
        name=group.name,
        modules=tuple(visit.path for visit in group.visits),
        parameters=sum(p.numel() for v in group.visits for p in module.get_submodule(v.path).parameters()),
        channels=shape[1],
        reduction=2 ** round(math.log2(side / shape[-1])) if len(shape) == 4 else side,
        cost_share=group.macs / total_macs,
    )


def _check_partition(module: nn.Module, stages: tuple[Stage, ...]) -> None:
    """Raise unless every parameter and buffer lies in exactly one stage."""
    owners = [path for stage in stages for path in stage.modules]
    for name in module.state_dict():
        count = sum(name.startswith(f"{path}.") for path in owners)
        if count != 1:
            raise TlvizError(f"'{name}' of {type(module).__name__} is in {count} stages instead of one.")
