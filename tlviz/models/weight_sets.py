"""Which sets of weights a checkpoint holds, freed of wrappers' prefixes, and which of them is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tlviz.errors import BadSettingError, quoted
from tlviz.models.pickled import as_mapping, walk
from tlviz.models.promised import Promise

MOST_DEEP = 8
"""How many names may lead to a set of weights."""
COUNTER = "num_batches_tracked"
NAMED = 6
_AVERAGED = re.compile(
    r"(^|[^a-z])(emas?|averag(ed?|ing)|avg|swa|shadow|polyak)([^a-z]|$)|ema(model|state|weights|net)", re.IGNORECASE
)

Values = Mapping[str, Promise | Tensor]


@dataclass(frozen=True, slots=True)
class WeightSet:
    """Tensors named as an architecture names them: ``path`` leads to them, ``prefix`` stood before each name there."""

    path: tuple[Any, ...]
    prefix: str
    tensors: Values

    @property
    def key(self) -> str:
        """Return how a person names this set."""
        return ".".join([*map(str, self.path), *([self.prefix.rstrip(".")] if self.prefix else [])])

    @property
    def is_averaged(self) -> bool:
        """Return whether its name says that it is an average over training steps."""
        return _AVERAGED.search(re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.key)) is not None


def weight_groups(content: Any) -> Iterator[tuple[tuple[Any, ...], dict[str, Promise | Tensor]]]:
    """Yield each dictionary of named tensors inside a checkpoint, and each whole module, with the path to it."""
    inside: set[int] = set()
    for path, mapping in walk(content, MOST_DEEP):
        if _is_module(mapping):
            if id(mapping.get("_modules")) not in inside:
                yield path, dict(_module_tensors(mapping, inside))
            continue
        tensors = {k: v for k, v in mapping.items() if isinstance(k, str) and isinstance(v, Promise | Tensor)}
        if tensors and path[-1:] not in (("_parameters",), ("_buffers",)):
            yield path, tensors


def find_sets(content: Any, expected: set[str]) -> list[WeightSet]:
    """Return the sets that share names with an architecture, the fullest first; of a tie the first in the file."""
    found = [
        WeightSet(path, prefix, freed)
        for path, tensors in weight_groups(content)
        for prefix, freed in _by_prefix(tensors, expected)
    ]
    sharing = [one for one in found if one.tensors.keys() & expected]
    return sorted(sharing, key=lambda one: -len(one.tensors.keys() & expected))


def around(content: Any, chosen: WeightSet | None) -> Values:
    """Return the tensors of the same dictionary that stand outside a set's prefix."""
    if chosen is None or not chosen.prefix:
        return {}
    tensors = next((tensors for path, tensors in weight_groups(content) if path == chosen.path), {})
    return {name: value for name, value in tensors.items() if not name.startswith(chosen.prefix)}


def choose_set(path: Any, sets: Sequence[WeightSet], expected: set[str], key: str) -> tuple[WeightSet | None, str]:
    """Return the set that is meant, and what has to be said about the choice.

    ``key`` is a person's choice, '' for none.  Of several complete ones the averaged one is taken, as timm does, where
    there is just one; anything else is asked.  Raises ``BadSettingError``.
    """
    if key:
        return _named(path, sets, key), ""
    needed = {name for name in expected if not name.endswith(COUNTER)}
    most = len(sets[0].tensors.keys() & needed) if sets else 0
    best = [one for one in sets if len(one.tensors.keys() & needed) == most]
    distinct = [one for at, one in enumerate(best) if not any(_same(one, other) for other in best[:at])]
    if len(distinct) < 2 or most < len(needed) // 2:
        return (distinct[0] if distinct else None), _passed_over(distinct, sets, needed)
    averaged = [one for one in distinct if one.is_averaged]
    if len(averaged) == 1:
        others = _listed([one for one in distinct if one is not averaged[0]])
        return averaged[0], f"The averaged weights {quoted(averaged[0].key)} are taken, not {others} (--weights-key)."
    raise SeveralSetsError(path, tuple(one.key for one in distinct))


def _passed_over(taken: Sequence[WeightSet], sets: Sequence[WeightSet], needed: set[str]) -> str:
    """Say that an averaged set is there which lacks tensors, as those without BatchNorm's statistics do."""
    for one in sets:
        lacking = needed - one.tensors.keys()
        if one.is_averaged and one not in taken and len(lacking) < len(needed) // 2:
            first = ", ".join(sorted(lacking)[:2])
            lacks = f"they lack {len(lacking):,} tensors ({first} …)"
            return f"The averaged weights {quoted(one.key)} are not taken: {lacks}."
    return ""


class SeveralSetsError(BadSettingError):
    """A checkpoint with several complete sets of weights; ``keys`` names them."""

    def __init__(self, path: Any, keys: tuple[str, ...]) -> None:
        self.keys = keys
        names = ", ".join(quoted(key) for key in keys[:NAMED])
        more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
        super().__init__(
            f"The checkpoint {path} holds {len(keys)} complete sets of weights: {names}{more}; choose one with "
            "--weights-key, or on the page."
        )


def _named(path: Any, sets: Sequence[WeightSet], key: str) -> WeightSet:
    wanted = key.replace("/", ".").strip(". ")
    found = [one for one in sets if wanted in (one.key, ".".join(map(str, one.path)))]
    if not found:
        known = _listed(sets) if sets else "none that fits this architecture"
        raise BadSettingError(f"The checkpoint {path} has no weights called {quoted(key)}; it has {known}.")
    return next((one for one in found if one.key == wanted), found[0])


def _listed(sets: Sequence[WeightSet]) -> str:
    keys = list(dict.fromkeys(one.key for one in sets))
    names = ", ".join(quoted(key) if key else "those at its top" for key in keys[:NAMED])
    return names + (f" and {len(keys) - NAMED} more" if len(keys) > NAMED else "")


def _same(one: WeightSet, other: WeightSet) -> bool:
    """Return whether two sets are the same numbers in the file."""
    if one.tensors.keys() != other.tensors.keys():
        return False
    return all(_is_same(value, other.tensors[name]) for name, value in one.tensors.items())


def _is_same(value: Promise | Tensor, other: Promise | Tensor) -> bool:
    if isinstance(value, Tensor) or isinstance(other, Tensor):
        both = isinstance(value, Tensor) and isinstance(other, Tensor)
        return both and (value is other or (value.dtype == other.dtype and torch.equal(value, other)))  # type: ignore[arg-type]
    place = (value.shape, value.block, value.offset, value.stride)
    return place == (other.shape, other.block, other.offset, other.stride)


def _by_prefix(tensors: Values, expected: set[str]) -> Iterator[tuple[str, Values]]:
    """Yield the tensors below each prefix that wrappers put before the names (module., model., _orig_mod., …)."""
    for prefix in sorted(_prefixes(tensors, expected)):
        freed = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        if freed:
            yield prefix, freed


def _prefixes(tensors: Values, expected: set[str]) -> set[str]:
    found = {""}
    for known in sorted(expected, key=lambda name: (len(name), name))[-5:]:
        found |= {key.removesuffix(known) for key in tensors if key.endswith(f".{known}")}
    return found


def _is_module(mapping: Mapping[Any, Any]) -> bool:
    return "_modules" in mapping and "_parameters" in mapping


def _module_tensors(mapping: Mapping[Any, Any], inside: set[int]) -> Iterator[tuple[str, Promise | Tensor]]:
    """Yield the tensors of a network that was saved whole, named as in its ``state_dict``."""
    pending: list[tuple[str, Mapping[Any, Any]]] = [("", mapping)]
    while pending:
        prefix, module = pending.pop()
        inside.add(id(module.get("_modules")))
        left_out = _members(module.get("_non_persistent_buffers_set"))
        for part in ("_parameters", "_buffers"):
            for name, value in (as_mapping(module.get(part)) or {}).items():
                if isinstance(value, Promise | Tensor) and name not in left_out:
                    yield f"{prefix}{name}", value
        for name, child in (as_mapping(module.get("_modules")) or {}).items():
            inner = as_mapping(child)
            if inner is not None and _is_module(inner) and id(inner.get("_modules")) not in inside:
                pending.append((f"{prefix}{name}.", inner))


def _members(value: Any) -> set[str]:
    found = [value.members, *value.arguments] if hasattr(value, "members") else []
    return {one for some in found if isinstance(some, list) for one in some if isinstance(one, str)}
