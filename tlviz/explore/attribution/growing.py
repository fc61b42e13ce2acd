"""What a map looks like before it is done: coarse at first, then what is known, with a guess for the rest.

Nothing of it changes the map that comes out: some kernels round a picture otherwise among fewer others, so the method
runs in its own batches and order, and a coarse look is a small batch before them.
"""

from __future__ import annotations

import torch
from torch import Tensor

FIRST = 4
"""So many steps are taken for the coarse look, where somebody waits."""


class GrowingIntegral:
    """The mean gradient on the way from a baseline, from coarse points all along it and those of the method so far."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._coarse: Tensor | None = None
        self._sum: Tensor | None = None
        self._count = 0

    @staticmethod
    def shares() -> list[float]:
        """Return where the coarse points lie, 0 the baseline and 1 the picture."""
        return [(at + 0.5) / FIRST for at in range(FIRST)]

    def begin(self, gradients: Tensor) -> None:
        """Take the gradients (FIRST, 3, S, S) at the coarse points."""
        self._coarse = gradients

    def add(self, gradients: Tensor) -> None:
        """Take the gradients (n, 3, S, S) at the method's next points, from the baseline on."""
        more = gradients.sum(0, keepdim=True)
        self._sum = more if self._sum is None else self._sum + more
        self._count += len(gradients)

    def mean(self) -> Tensor:
        """Return the mean gradient (1, 3, S, S): of the method's points, and beyond them of the coarse ones."""
        covered = self._count / self._steps
        ahead = [at for at, share in enumerate(self.shares()) if share > covered]
        rest = self._coarse[ahead].mean(0, keepdim=True) if self._coarse is not None and ahead else None
        if self._sum is None:
            return rest if rest is not None else torch.zeros(1)
        known = self._sum / self._count
        return known if rest is None else covered * known + (1 - covered) * rest


def coarse_grid(side: int) -> list[int]:
    """Return the places of every fourth row and column of a grid (side, side), line by line."""
    lines = range(min(side - 1, 1), side, 4) if side > 1 else range(1)
    return [side * row + column for row in lines for column in lines]


def filled_grid(side: int, known: dict[int, float]) -> Tensor:
    """Return a grid (side, side) of what is known by place, row by row; elsewhere the value of the nearest known."""
    places = torch.tensor(list(known))
    values = torch.tensor(list(known.values()), dtype=torch.float32)
    rows, columns = torch.arange(side * side) // side, torch.arange(side * side) % side
    distance = (rows[:, None] - places // side) ** 2 + (columns[:, None] - places % side) ** 2
    return values[distance.argmin(1)].view(side, side)
