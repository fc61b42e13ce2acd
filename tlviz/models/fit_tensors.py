"""A checkpoint's tensors under an architecture's names: what may be called otherwise, be missing or be one output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tlviz.models.promised import Promise
from tlviz.models.weight_sets import COUNTER, Values

_HEADS = re.compile(
    r"(^|\.)_?(fc\d*|heads?|classifiers?|cls(_head)?|linear|last_linear|logits?|out(put)?(_layer)?|final(_layer)?|"
    r"predictions?|new_fc|head_fc|lin|dense)(\.|$)",
    re.IGNORECASE,
)
"""What networks of one's own call the layer of the logits where it stands outside the backbone."""


@dataclass(slots=True)
class Fitted:
    """Tensors named as an architecture's, where the head came from, and what has to be said.

    ``doubt`` says what is more of a head than the architecture has, '' where nothing is.
    """

    tensors: dict[str, Promise | Tensor]
    added: dict[str, Tensor] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubt: str = ""


def fit_names(found: Values, around: Values, plan: Mapping[str, Tensor], head: set[str]) -> Fitted:
    """Bring tensors under an architecture's names.

    ``around`` are those of the same dictionary that stand outside the set's prefix, ``plan`` the architecture's
    tensors (of any number of classes) and ``head`` the names of its logit layers' tensors.  A head of another name is
    taken where exactly one layer fits; BatchNorm's counters start at 0, and a head without bias gets one of zeros.
    """
    fitted = Fitted(dict(found))
    is_own = bool(head & fitted.tensors.keys())
    _find_head(fitted, around, plan, head)
    fitted.doubt = _more_of_a_head(fitted, around, plan, head, is_own=is_own)
    counters = [name for name in plan if name.endswith(f".{COUNTER}") and name not in fitted.tensors]
    lacks_all = not any(name.endswith(f".{COUNTER}") for name in fitted.tensors)
    if counters and lacks_all:
        fitted.added |= {name: torch.zeros((), dtype=torch.int64) for name in counters}
    for name in head - fitted.tensors.keys():
        weight = fitted.tensors.get(f"{name.removesuffix('.bias')}.weight")
        if name.endswith(".bias") and weight is not None:
            fitted.added[name] = torch.zeros(weight.shape[0])
            fitted.notes.append("Its head has no bias; one of zeros was added, which changes nothing.")
    return fitted


def _find_head(fitted: Fitted, around: Values, plan: Mapping[str, Tensor], head: set[str]) -> None:
    """Give the head its architecture's name where the file calls it otherwise (fc.1, classifier.1, head.fc, …)."""
    weights = [name for name in head if name.endswith(".weight")]
    if len(weights) != 1 or head & fitted.tensors.keys():
        return
    wanted = plan[weights[0]]
    unexpected = fitted.tensors.keys() - plan.keys()
    inside = _layers({name: fitted.tensors[name] for name in unexpected}, wanted)
    outside = _layers({name: value for name, value in around.items() if _HEADS.search(name)}, wanted)
    for layers, source in ((inside, fitted.tensors), (outside, around)):
        if len(layers) != 1 or (source is fitted.tensors and len(unexpected) != len(layers[0][1])):
            continue
        called, parts = layers[0]
        base = weights[0].removesuffix(".weight")
        for part in parts:
            name = f"{called}.{part}" if called else part
            fitted.tensors[f"{base}.{part}"] = source[name]
            if source is fitted.tensors:
                del fitted.tensors[name]
        fitted.notes.append(f"Its head is called '{called}' in the file and '{base}' here.")
        return


def _layers(tensors: Values, wanted: Tensor) -> list[tuple[str, list[str]]]:
    """Return the layers of weight and bias whose weight could be the wanted one, of any number of outputs."""
    found = []
    for name, value in tensors.items():
        called, _, part = name.rpartition(".")
        if part != "weight" or len(value.shape) != wanted.ndim or tuple(value.shape[1:]) != tuple(wanted.shape[1:]):
            continue
        bias = tensors.get(f"{called}.bias" if called else "bias")
        has_bias = bias is not None and tuple(bias.shape) == tuple(value.shape[:1])
        found.append((called, ["weight", "bias"] if has_bias else ["weight"]))
    return found


def _more_of_a_head(fitted: Fitted, around: Values, plan: Mapping[str, Tensor], head: set[str], *, is_own: bool) -> str:
    """Say which layers follow one another in a head, or compete to be it: taking one of them would be another network.

    What stands between them, such as ReLU, is not in a file of weights.
    """
    weights = [name for name in head if name.endswith(".weight")]
    if len(weights) != 1:
        return ""
    own, base = fitted.tensors.get(weights[0]), weights[0].removesuffix(".weight")
    if own is not None and len(own.shape) < 2:
        return ""  # it is no layer at all, which is told elsewhere
    backbone = {name.partition(".")[0] for name in plan.keys() - head}
    pool = {
        name: value
        for name, value in fitted.tensors.items()
        if name not in plan and name.partition(".")[0] not in backbone  # more blocks make no longer head
    }
    pool |= {name: value for name, value in around.items() if _HEADS.search(name) and value is not own}
    layers = [
        (name, value) for name, value in sorted(pool.items(), key=_natural) if name.rpartition(".")[2] == "weight"
    ]
    left = {name: value for name, value in layers if len(value.shape) > 1}
    inputs = plan[weights[0]].shape[1]
    rival = next((name for name, value in left.items() if value.shape[1] == inputs), None)
    if is_own and own is not None and rival:
        other = _sides(rival.rpartition(".")[0] or rival, left[rival])
        return f"two layers that may each be its head, {_sides(base, own)} and {other}"
    width = inputs if own is None else own.shape[0]
    chain = [] if own is None else [_sides(base, own)]
    while name := next((n for n, value in left.items() if value.shape[1] == width), None):
        value = left.pop(name)
        chain.append(_sides(name.rpartition(".")[0] or name, value))
        width = value.shape[0]
    return f"a head of {len(chain)} layers in a row, {' and '.join(chain)}" if len(chain) > 1 else ""


def _natural(item: tuple[str, object]) -> list[tuple[int, str]]:
    """Sort fc.10 behind fc.2."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in item[0].split(".")]


def _sides(called: str, value: Promise | Tensor) -> str:
    return f"'{called}' ({value.shape[1]:,} to {value.shape[0]:,})"


def two_outputs(tensors: Mapping[str, Tensor], head: set[str], *, is_rectified: bool) -> dict[str, Tensor]:
    """Return a network's tensors with a head of two logits whose softmax is the sigmoid of the one it had.

    The two are minus and plus half of it; where a ReLU comes after them, 0 and all of it.
    """
    low, high = (0.0, 1.0) if is_rectified else (-0.5, 0.5)
    return {name: torch.cat([value * low, value * high]) if name in head else value for name, value in tensors.items()}
