"""From an encoder to its stages, by module tree and execution order: embeddings, each block, head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.errors import TlvizError
from tlviz.models.hooks import kept_modes
from tlviz.models.spec import Layout, Stage
from tlviz.models.stages import MOST_STAGES, named_stage_parameters, owns
from tlviz.models.texts.encoder import first_of
from tlviz.models.trace import is_weight_leaf

SAMPLE = 5
"""Tokens of the text that is run to see in which order modules run."""
EMBEDDINGS, HEAD = "embeddings", "head"


@dataclass(slots=True)
class _Seen:
    """When modules were first entered and last left, by path, and what they gave."""

    entered: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    into_first: list[Tensor] = field(default_factory=list)
    clock: int = 0


def encoder_stages(module: nn.Module, *, grouped: bool = True) -> tuple[Stage, ...]:
    """Order an encoder's modules into embeddings, its blocks (grouped where there are over 14) and the head.

    What runs before the first block belongs to the embeddings, what follows a block and keeps the tokens apart belongs
    to it, and all that comes after the last one to the head.  Raises ``TlvizError`` where it has no chain of blocks.
    """
    blocks = _blocks(module)
    seen = _watch(module, blocks)
    units = [path for path in _units(module, blocks) if path in seen.entered]
    units.sort(key=lambda path: seen.left[path])
    chain = _chain(units, blocks, seen)
    if grouped and len(chain) > MOST_STAGES - 2:
        cut = np.array_split(np.arange(len(chain)), MOST_STAGES - 2)
        names = [_span(int(part[0]), int(part[-1])) for part in cut]
        chain = [[path for at in part for path in chain[at]] for part in cut]
    else:
        names = [f"block{at + 1}" for at in range(len(chain))]
    early = [path for path in units if seen.left[path] < seen.entered[blocks[0]]]
    early.sort(key=lambda path: (_is_input(seen, path), seen.left[path]))
    used = {*early, *(path for part in chain for path in part)}
    late = [path for path in units if path not in used]
    return _describe(module, [(EMBEDDINGS, early), *zip(names, chain, strict=True), (HEAD, late)])


def _span(first: int, last: int) -> str:
    return f"block{first + 1}" if first == last else f"block{first + 1}-{last + 1}"


def _blocks(module: nn.Module) -> list[str]:
    """Return the paths of the blocks: the list of modules of one kind, several layers in each, with most weights."""
    found: list[tuple[int, list[str]]] = []
    for path, part in module.named_modules():
        if isinstance(part, nn.ModuleList) and len(part) and len({type(inner) for inner in part}) == 1:
            layers = [sum(is_weight_leaf(leaf) for leaf in inner.modules()) for inner in part]
            if min(layers) > 1:
                weights = sum(parameter.numel() for parameter in part.parameters())
                found.append((weights, [f"{path}.{at}" for at in range(len(part))]))
    if not found:
        name = type(module).__name__
        raise TlvizError(f"{name} has no chain of blocks, so it has no stages; choose a BERT-like encoder.")
    return max(found)[1]


def _watch(module: nn.Module, blocks: Sequence[str]) -> _Seen:
    """Run a network on a short text and write down the order of its modules."""
    seen = _Seen()

    def enter(path: str) -> Any:
        def hook(_layer: nn.Module, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> None:
            seen.clock += 1
            seen.entered.setdefault(path, seen.clock)
            if path == blocks[0] and not seen.into_first:
                seen.into_first.append(inputs[0] if inputs else keywords["hidden_states"])

        return hook

    def leave(path: str) -> Any:
        def hook(_layer: nn.Module, _inputs: object, output: Any) -> None:
            seen.clock += 1
            seen.left[path], seen.outputs[path] = seen.clock, output

        return hook

    device = next(module.parameters()).device
    with ExitStack() as stack, kept_modes(module), torch.no_grad():
        module.eval()
        for path, layer in module.named_modules():
            if path:
                stack.callback(layer.register_forward_pre_hook(enter(path), with_kwargs=True).remove)
                stack.callback(layer.register_forward_hook(leave(path)).remove)
        module(torch.ones(1, SAMPLE, dtype=torch.long, device=device) + module.pad)  # type: ignore[operator]
    return seen


def _units(module: nn.Module, blocks: Sequence[str]) -> Iterator[str]:
    """Yield the largest modules that hold no block, and the blocks."""
    parents = {block[:at] for block in blocks for at in range(len(block)) if block[at] == "."}

    def below(path: str, part: nn.Module) -> Iterator[str]:
        for name, child in part.named_children():
            inner = f"{path}.{name}" if path else name
            if inner in parents:
                yield from below(inner, child)
            else:
                yield inner

    yield from below("", module)


def _chain(units: Sequence[str], blocks: Sequence[str], seen: _Seen) -> list[list[str]]:
    """Return the modules of each block: itself, and what follows it and keeps its shape, such as a last norm."""
    chain = []
    shape = first_of(seen.outputs[blocks[-1]]).shape
    for at, block in enumerate(blocks):
        end = seen.entered[blocks[at + 1]] if at + 1 < len(blocks) else seen.clock + 1
        after = [path for path in units if path not in blocks and seen.left[block] < seen.left[path] < end]
        keeps = [path for path in after if _shape(seen.outputs[path]) == shape]
        is_last = at + 1 == len(blocks)
        chain.append([block, *(_up_to_head(after, keeps) if is_last else after)])
    return chain


def _up_to_head(after: Sequence[str], keeps: Sequence[str]) -> list[str]:
    """Return what directly follows the last block and normalises its tokens; a head that gives tokens is none of it."""
    found = []
    for path in after:
        if path not in keeps or "norm" not in path.rpartition(".")[2].lower():
            break
        found.append(path)
    return found


def _shape(output: Any) -> Any:
    output = output[0] if isinstance(output, tuple) and output else output
    return output.shape if isinstance(output, Tensor) else None


def _is_input(seen: _Seen, path: str) -> bool:
    """Return whether a module gives what the first block takes: the embeddings end with it."""
    output = seen.outputs[path]
    return bool(seen.into_first) and output is seen.into_first[0]


def _describe(module: nn.Module, groups: Sequence[tuple[str, list[str]]]) -> tuple[Stage, ...]:
    if not groups[0][1] or not groups[-1][1]:
        raise TlvizError(f"{type(module).__name__} has no embeddings before its blocks or no head after them.")
    classes, width = int(module.config.num_labels), int(module.config.hidden_size)  # type: ignore[union-attr, arg-type]
    costs = [sum(_cost(module.get_submodule(path)) for path in paths) for _, paths in groups]
    names = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    paths = tuple(f"{path}." for _, inside in groups for path in inside)
    loose = tuple(name for name in names if not name.startswith(paths))
    stages = []
    for (name, inside), cost in zip(groups, costs, strict=True):
        is_head = name == HEAD
        own = Stage(
            name=name,
            modules=tuple(inside),
            parameters=0,
            channels=classes if is_head else width,
            reduction=1,
            cost_share=cost / max(1, sum(costs)),
            tensors=loose if is_head else (),
            layout=Layout.FLAT if is_head else Layout.TOKENS,
        )
        stages.append(replace(own, parameters=sum(p.numel() for _, p in named_stage_parameters(module, own))))
    for name in names:
        if sum(owns(stage, name) for stage in stages) != 1:
            raise TlvizError(f"'{name}' of {type(module).__name__} is in no stage or in two.")
    return tuple(stages)


def _cost(part: nn.Module) -> int:
    """Return the multiply-adds of a module for one token: those of its matrices."""
    return sum(layer.weight.numel() for layer in part.modules() if isinstance(layer, nn.Linear))
