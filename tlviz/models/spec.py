"""What the rest of the program knows of a network: frozen descriptions, no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """An ordered group of blocks: the unit of freezing, of learning rates and of every chart.

    ``modules`` are dotted module paths in execution order; ``parameters`` counts scalars; ``reduction`` is
    how many input pixels one output pixel spans along a side; ``cost_share`` is the stage's share of the
    forward multiply-adds, 0 to 1.
    """

    name: str
    modules: tuple[str, ...]
    parameters: int
    channels: int
    reduction: int
    cost_share: float
