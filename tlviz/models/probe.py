"""What an architecture reveals about itself when it is built and run without memory, on torch's meta device."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tlviz.models.spec import Sizing

Build = Callable[..., nn.Module]
"""Builds an architecture with an output for each class, ``build(class_count, **keywords)``."""

CLASSES = 7
"""A number of classes that no pretrained head has."""
ARGUMENTS = ("img_size", "image_size", "input_size")
"""The keywords by which builders of either library take a side."""
SMALLEST = 32
COARSE = 32
"""Where only sides in steps above this run as built, the builder's keyword may allow more."""
STEPS = (1, 2, 4, 7, 8, 14, 16, 28, 32, 48, 64, 112, 128, 224)

REFUSALS = (RuntimeError, ValueError, AssertionError, TypeError, IndexError, ZeroDivisionError, NotImplementedError)
"""What a network raises on a side it cannot take."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The sides an architecture takes, as the fields of ``ModelSpec`` of the same names."""

    min_size: int
    size_step: int
    sizing: Sizing
    size_argument: str


@dataclass(frozen=True, slots=True)
class Size:
    """Scalars in the parameters, and megabytes of all tensors as they are stored."""

    parameters: int
    tensors_mb: float


def measure(module: nn.Module) -> Size:
    """Count a network's parameters and the bytes of its ``state_dict``, floating point numbers as float32."""
    stored = sum(t.numel() * (4 if t.is_floating_point() else t.element_size()) for t in module.state_dict().values())
    return Size(sum(p.numel() for p in module.parameters()), round(stored / 1e6, 2))


def fingerprint(names: Iterable[str]) -> str:
    """Return a short fingerprint of a network's tensor names, whatever their order."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:8]


def on_meta(build: Build, classes: int, **keywords: Any) -> nn.Module:
    """Build an architecture whose tensors have shapes and no memory; where its builder computes widths, afterwards."""
    try:
        with torch.device("meta"):
            return build(classes, **keywords)
    except NotImplementedError:
        return build(classes, **keywords).to("meta")


def classifies(module: nn.Module, side: int) -> bool:
    """Return whether a network answers two pictures of a side with ``CLASSES`` logits each, in eval mode."""
    try:
        answer = _run(module.eval(), side)
    except REFUSALS:
        return False
    return isinstance(answer, Tensor) and answer.shape == (2, CLASSES)


def gmacs(module: nn.Module, side: int) -> float | None:
    """Count thousand million multiply-adds of one picture, matrix products of attention included; None if it fails."""
    try:
        with FlopCounterMode(display=False) as counter:
            _run(module.eval().requires_grad_(False), side)
    except REFUSALS:
        return None
    pictures, operations = 2, 2
    return round(int(counter.get_total_flops()) / pictures / operations / 1e9, 3)


def probe_sides(build: Build, own: int) -> Sides:
    """Find by trying which other sides an architecture takes: as built, by which keyword of its builder, or none.

    Sides are tried in eval mode, with nothing but shapes.  What runs as built in small steps stays as it is built.
    """
    module = on_meta(build, CLASSES)
    as_built = _limits(lambda side: classifies(module, side), own, Sizing.FREE, "")
    if as_built is not None and as_built.size_step <= COARSE:
        return as_built
    for argument in ARGUMENTS:
        for sizing in (Sizing.SIDE, Sizing.PAIR):
            anew = _limits(_resized(build, argument, sizing), own, sizing, argument)
            if anew is not None:
                return min(filter(None, (as_built, anew)), key=lambda sides: sides.size_step)
    return as_built or Sides(own, 1, Sizing.FIXED, "")


def _resized(build: Build, argument: str, sizing: Sizing) -> Callable[[int], bool]:
    """Return a test of one side that rebuilds the architecture for it."""

    def takes(side: int) -> bool:
        try:
            module = on_meta(build, CLASSES, **{argument: (side, side) if sizing is Sizing.PAIR else side})
        except REFUSALS:
            return False
        return classifies(module, side)

    return takes


def _limits(takes: Callable[[int], bool], own: int, sizing: Sizing, argument: str) -> Sides | None:
    """Find the step between sides and the smallest one; None where there is no step.

    Two neighbours above its own side must run, and all that are looked at from the smallest to its own.
    """
    takes = cache(takes)  # every look builds or runs a network
    if not any(takes(side) for side in (own + 32, 2 * own)):
        return None
    for step in STEPS:
        above = own // step + 1
        if not (takes(above * step) and takes((above + 1) * step)):
            continue
        first = -(-SMALLEST // step) * step
        ladder = range(first, own, step * max(1, 16 // step))
        at = bisect_left(ladder, True, key=takes) if ladder and not takes(first) else 0
        if all(takes(side) for side in ladder[at:]):
            return Sides(ladder[at] if at < len(ladder) else own, step, sizing, argument)
    return None


def _run(module: nn.Module, side: int) -> Any:
    with torch.no_grad():
        return module(torch.empty(2, 3, side, side, device="meta"))
