"""What a stage is called: as its library calls its modules, as shortly as that is clear."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from torch import nn

from tlviz.models.trace import is_weight_leaf


def name_stages(module: nn.Module, ends: Sequence[tuple[str, str]]) -> list[str]:
    """Name stages by the paths of their first and last unit with weights; stem and head are put around them.

    No two are alike.
    """
    shared = _shared_parents([path for pair in ends for path in pair])
    names = ["stem"]
    for at, pair in enumerate(ends, start=2):
        first, last = (_unit_name(module, path, at, shared) for path in pair)
        name = first if first == last else _span(first, last)
        names.append(f"{name}.{at}" if name in {*names, "head"} else name)
    return [*names, "head"]


def _shared_parents(paths: Sequence[str]) -> int:
    """Return how many containers all paths have in common."""
    parents = [path.split(".")[:-1] for path in paths]
    alike = (len(set(level)) == 1 for level in zip(*parents, strict=False))
    return sum(1 for _ in takewhile(bool, alike))


def _span(first: str, last: str) -> str:
    """Join two names: blocks.0 and blocks.2 become blocks.0-2."""
    stem = last.rstrip("0123456789")
    return f"{first}-{last[len(stem) :]}" if first.rstrip("0123456789") == stem else f"{first}-{last}"


def _unit_name(module: nn.Module, path: str, position: int, shared: int) -> str:
    """Name a unit by its path below what all have in common, or a numbered one among others by its kind (fire2)."""
    parts = path.split(".")
    if parts[-1].isdigit():
        kinds = {type(child) for child in module.get_submodule(".".join(parts[:-1])).children()}
        layer = module.get_submodule(path)
        if len(kinds) > 1 and not isinstance(layer, nn.Sequential) and not is_weight_leaf(layer):
            kind = type(layer).__name__.lower()
            return f"{kind if len(kind) <= 8 else 'block'}{position}"
    while shared and (shared >= len(parts) or parts[shared].isdigit()):
        shared -= 1
    repeats_parent = len(parts) > 1 and not parts[-1].isdigit() and parts[-1].startswith(parts[-2])
    name = parts[-1] if repeats_parent else ".".join(parts[shared:])
    return name.replace(".blocks.", ".")
