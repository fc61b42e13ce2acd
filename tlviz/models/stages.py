"""From a network to its ordered stages, by module tree and execution order alone, whatever the architecture.

A stage ends only where everything that depends on the picture passes through one tensor, so that a network can be
frozen and split at every stage end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, log2

import torch
from torch import Tensor, nn

from tlviz.errors import TlvizError
from tlviz.models.layout import channels, find_layouts, grid_side
from tlviz.models.spec import Layout, Stage
from tlviz.models.stage_names import name_stages
from tlviz.models.trace import Trace, Visit, is_weight_leaf, trace

FEWEST_STAGES, MOST_STAGES = 4, 16
_OPEN_ABOVE = 0.5
"""A container that holds more than this share of the compute is opened into what it contains."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A stage in the making: the executed modules in it, the first with weights."""

    visits: tuple[Visit, ...]

    @property
    def macs(self) -> int:
        return sum(visit.macs for visit in self.visits)

    @property
    def end(self) -> Visit:
        return self.visits[-1]


def derive_stages(module: nn.Module, sample: Tensor, *, grouped: bool = True) -> tuple[Stage, ...]:
    """Order a network's modules into 4 to 16 stages, from ``stem`` to ``head``; each tensor is in exactly one.

    A stage ends where a unit with weights has ended and everything passes through its output.  Containers that hold
    most of the compute are opened; chains too long for 16 stages are grouped, by equal output shape first, then
    evenly.  With ``grouped=False`` every repeated block is a stage of its own, however many there are.  The head is the
    logit layer with the global pooling before it.  ``sample`` is one square picture (1, 3, S, S).
    Raises ``TlvizError`` where a network cannot be divided.
    """
    seen = trace(module, sample)
    if not seen.logit_layers:
        raise TlvizError("This network has no layer with weights before its answer, so it has no stages.")
    units = _open(module, seen, grouped=grouped)
    start = _head_start(module, units, seen)
    groups = _chain(module, units[:start])
    if not groups:
        raise TlvizError("This network has no stage before its head, so there is nothing to transfer.")
    if grouped:
        groups = _fit(module, groups)
    return _describe(module, seen, [*groups, _Group(tuple(units[start:]))], sample.shape[-1])


def logit_layers(module: nn.Module, stages: Sequence[Stage]) -> list[tuple[str, nn.Module]]:
    """Return paths and layers that produce the class logits: one, or two where a network averages two answers."""
    layers = [
        (f"{path}.{name}".strip("."), layer)
        for path in stages[-1].modules
        for name, layer in module.get_submodule(path).named_modules()
        if is_weight_leaf(layer)
    ]
    classes = stages[-1].channels
    return [(path, layer) for path, layer in layers if layer.get_parameter("weight").shape[0] == classes] or layers[-1:]


def stage_modules(module: nn.Module, stage: Stage) -> Iterator[nn.Module]:
    """Yield the modules of one stage in execution order."""
    for path in stage.modules:
        yield module.get_submodule(path)


def named_stage_parameters(module: nn.Module, stage: Stage) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the parameters of one stage with their dotted names in the whole network."""
    for name, parameter in module.named_parameters():
        if owns(stage, name):
            yield name, parameter


def owns(stage: Stage, name: str) -> bool:
    """Return whether a parameter or buffer belongs to a stage, by its dotted name."""
    return name in stage.tensors or name.startswith(tuple(f"{path}." for path in stage.modules))


def _children(module: nn.Module, path: str, seen: Trace) -> list[Visit]:
    """Return the executed modules directly below a module, looking through lists, which are not executed."""
    found: list[Visit] = []
    for name, _ in module.get_submodule(path).named_children():
        inner = f"{path}.{name}" if path else name
        if inner not in seen.visits:
            found.extend(_children(module, inner, seen))
        elif seen.visits[inner].runs == 1 or _has_tensors(module, inner):
            found.append(seen.visits[inner])
    return sorted(found, key=lambda visit: visit.end)


def _has_tensors(module: nn.Module, path: str) -> bool:
    return any(True for _ in module.get_submodule(path).state_dict())


def _open(module: nn.Module, seen: Trace, *, grouped: bool) -> list[Visit]:
    """Open containers until every stage that is wanted ends with a unit.

    Those with most of the compute are opened, those that hold the head beside other weights, and, ungrouped, all that
    repeat a block; where that leaves too few, the costliest.
    """
    units = _children(module, "", seen)
    total = max(1, sum(unit.macs for unit in units))
    closed: set[str] = set()
    while True:
        few = len(_chain(module, units)) < FEWEST_STAGES
        wide = [unit for unit in units if unit.path not in closed]
        wide.sort(key=lambda unit: -unit.macs)
        unit = next((u for u in wide if few or _must_open(module, u, total, seen, grouped=grouped)), None)
        if unit is None:
            return units
        inner = _children(module, unit.path, seen)
        at = units.index(unit)
        opened = units[:at] + inner + units[at + 1 :]
        if _is_chain(module, unit, inner):
            units = opened
        else:
            closed.add(unit.path)


def _must_open(module: nn.Module, unit: Visit, total: int, seen: Trace, *, grouped: bool) -> bool:
    layer = module.get_submodule(unit.path)
    holds_head = any(path.startswith(f"{unit.path}.") for path in seen.logit_layers)
    if holds_head:
        return sum(is_weight_leaf(inner) for inner in layer.modules()) > len(seen.logit_layers)
    repeats = _repeats_a_block(module, unit, seen)
    return (repeats and not grouped) or unit.macs > _OPEN_ABOVE * total


def _is_chain(module: nn.Module, unit: Visit, inner: Sequence[Visit]) -> bool:
    """Return whether a module is its children one after another, or the wrapping of a single one."""
    cuts = [visit for visit in inner if visit.is_cut and _has_weights(module, visit)]
    return len(cuts) > 1 or any(visit.macs == unit.macs for visit in cuts)


def _repeats_a_block(module: nn.Module, unit: Visit, seen: Trace) -> bool:
    """Return whether a container is a chain of blocks of one kind, each with several layers."""
    inner = [visit for visit in _children(module, unit.path, seen) if _has_weights(module, visit)]
    kinds = {type(module.get_submodule(visit.path)) for visit in inner}
    deep = all(sum(is_weight_leaf(m) for m in module.get_submodule(visit.path).modules()) > 1 for visit in inner)
    return len(inner) > 1 and len(kinds) == 1 and deep and sum(visit.is_cut for visit in inner) > 1


def _has_weights(module: nn.Module, visit: Visit) -> bool:
    return any(is_weight_leaf(layer) for layer in module.get_submodule(visit.path).modules())


def _head_start(module: nn.Module, units: Sequence[Visit], seen: Trace) -> int:
    """Return where the head begins: at the first logit layer, or at the pooling, norm and dropout directly before."""
    start = min(at for at, unit in enumerate(units) if _holds(unit, seen.logit_layers))
    while start > 1 and _belongs_to_head(module, units[start - 1]):
        start -= 1
    return start


def _holds(unit: Visit, paths: Sequence[str]) -> bool:
    return any(path == unit.path or path.startswith(f"{unit.path}.") for path in paths)


def _belongs_to_head(module: nn.Module, unit: Visit) -> bool:
    if _is_pooled(unit):
        return not _has_weights(module, unit)  # a normalisation after the pooling is no stage of its own
    return isinstance(module.get_submodule(unit.path), nn.Dropout)


def _is_pooled(unit: Visit) -> bool:
    """Return whether an output has no grid any more."""
    if unit.shape is None or len(unit.shape) == 3:
        return False
    return len(unit.shape) == 2 or (1, 1) in (unit.shape[1:3], unit.shape[2:])


def _chain(module: nn.Module, units: Sequence[Visit]) -> list[_Group]:
    """Join units into the finest possible stages: each ends at a cut before the next unit with weights.

    Pooling that leaves no grid goes to the stage after it, so that the one before ends with feature maps.
    """
    groups: list[_Group] = []
    for unit in units:
        opens = _has_weights(module, unit) or _is_pooled(unit) > _is_pooled(groups[-1].visits[0] if groups else unit)
        if not groups or (opens and groups[-1].macs and groups[-1].end.is_cut):
            groups.append(_Group((unit,)))
        else:
            groups[-1] = replace(groups[-1], visits=(*groups[-1].visits, unit))
    if len(groups) > 1 and not groups[-1].end.is_cut:  # what runs beside the head belongs to the stage before it
        groups[-2:] = [_Group(groups[-2].visits + groups[-1].visits)]
    return groups


def _fit(module: nn.Module, groups: list[_Group]) -> list[_Group]:
    """Group a chain that is too long: equal output shapes, then long runs evenly, then the cheapest neighbours."""
    most = MOST_STAGES - 1
    if len(groups) <= most:
        return groups
    runs: list[list[_Group]] = [[groups[0]]]
    for group in groups[1:]:
        alike = group.visits[0].shape == runs[-1][-1].visits[0].shape and len(runs) > 1
        same_kind = _kind(module, group) is _kind(module, runs[-1][-1])
        if alike and same_kind:
            runs[-1].append(group)
        else:
            runs.append([group])
    total = sum(group.macs for group in groups)
    pieces: list[_Group] = []
    large = [run for run in runs if sum(group.macs for group in run) > _OPEN_ABOVE * total]
    for run in runs:
        size = ceil(len(run) / max(1, most - len(runs) + 1)) if run in large else len(run)
        pieces.extend(_join(run[at : at + size]) for at in range(0, len(run), size))
    while len(pieces) > most:
        at = min(range(1, len(pieces) - 1), key=lambda i: pieces[i].macs + pieces[i + 1].macs)
        pieces[at : at + 2] = [_join(pieces[at : at + 2])]
    return pieces


def _kind(module: nn.Module, group: _Group) -> type[nn.Module]:
    return type(module.get_submodule(group.visits[0].path))


def _join(groups: Sequence[_Group]) -> _Group:
    return _Group(tuple(visit for group in groups for visit in group.visits))


def _describe(module: nn.Module, seen: Trace, groups: Sequence[_Group], side: int) -> tuple[Stage, ...]:
    total = max(1, sum(group.macs for group in groups))
    shapes = [*(group.end.shape or () for group in groups[:-1]), seen.logits]
    layouts = find_layouts(shapes)
    tensors = _loose_tensors(module, seen, groups)
    names = name_stages(module, [_ends(module, group) for group in groups[1:-1]])
    stages = []
    for group, shape, layout, loose, name in zip(groups, shapes, layouts, tensors, names, strict=True):
        own = Stage(
            name=name,
            modules=tuple(visit.path for visit in group.visits),
            parameters=0,
            channels=channels(shape, layout),
            reduction=_reduction(side, grid_side(shape, layout), layout),
            cost_share=group.macs / total,
            tensors=loose,
            layout=layout,
        )
        count = sum(parameter.numel() for _, parameter in named_stage_parameters(module, own))
        stages.append(replace(own, parameters=count))
    _check_partition(module, stages)
    return tuple(stages)


def _reduction(side: int, grid: int, layout: Layout) -> int:
    """Return the input pixels to one output pixel: a power of two for convolutions, whose borders blur it."""
    return round(side / grid) if layout is Layout.TOKENS else 2 ** max(0, round(log2(side / grid)))


def _loose_tensors(module: nn.Module, seen: Trace, groups: Sequence[_Group]) -> list[tuple[str, ...]]:
    """Give each tensor outside all units to the stage that was running when it was first used, else to the head."""
    paths = tuple(f"{visit.path}." for group in groups for visit in group.visits)
    found: list[list[str]] = [[] for _ in groups]
    for name in {**dict(module.named_parameters()), **dict(module.named_buffers())}:
        if not name.startswith(paths):
            used = seen.uses.get(name)
            owner = next((at for at, g in enumerate(groups) if used is not None and g.end.end > used), len(groups) - 1)
            found[owner].append(name)
    return [tuple(names) for names in found]


def _ends(module: nn.Module, group: _Group) -> tuple[str, str]:
    """Return the first and the last unit with weights of a stage."""
    paths = [visit.path for visit in group.visits if _has_weights(module, visit)] or [group.visits[0].path]
    return paths[0], paths[-1]


def _check_partition(module: nn.Module, stages: Sequence[Stage]) -> None:
    """Raise unless every parameter and buffer is in exactly one stage."""
    for name in {**dict(module.named_parameters()), **dict(module.named_buffers())}:
        count = sum(owns(stage, name) for stage in stages)
        if count != 1:
            raise TlvizError(f"'{name}' of {type(module).__name__} is in {count} stages instead of one.")


def picture_sample(side: int) -> Tensor:
    """Return an empty square picture (1, 3, side, side) to derive stages with."""
    return torch.zeros(1, 3, side, side)
