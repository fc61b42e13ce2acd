"""A map that grows while it is computed: in which order, and how many pictures at once, so that it soon shows much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

FIRST = 4
"""The first batches are this small, so that there is something to see; then they double.

A batch of one would do: some kernels round it otherwise than the same picture among others.
"""


def growing_batches(order: Sequence[int], most: int) -> Iterator[list[int]]:
    """Yield an order in pieces that grow from ``FIRST`` to ``most``, the last not smaller than ``FIRST`` if it may."""
    sizes: list[int] = []
    size = min(FIRST, most)
    while (rest := len(order) - sum(sizes)) > 0:
        sizes.append(min(size, rest))
        size = size if len(sizes) < 2 else min(most, 2 * size)
    if len(sizes) > 1 and sizes[-1] < min(FIRST, most):
        both = sizes[-2] + sizes[-1]
        sizes[-2:] = [both - both // 2, both // 2]
    at = 0
    for size in sizes:
        yield list(order[at : at + size])
        at += size


def spread(count: int) -> list[int]:
    """Return 0 to ``count`` - 1 so that any number from the front lies evenly (van der Corput 1935)."""
    bits = max(1, (count - 1).bit_length())
    turned = (int(f"{at:0{bits}b}"[::-1], 2) for at in range(2**bits))
    return [at for at in turned if at < count]


def coarse_first(side: int) -> list[int]:
    """Return the places of a grid, every fourth of each direction first, then every second, then the rest."""

    def level(at: int) -> int:
        row, column = divmod(at, side)
        return next(step for step, every in enumerate((4, 2, 1)) if row % every == column % every == 0)

    return sorted(range(side * side), key=level)


def grown_gradients(
    points: Tensor,
    order: Sequence[int],
    most: int,
    gradient: Callable[[Tensor], Tensor],
    seen: Callable[[Tensor, list[int]], None],
) -> Tensor:
    """Return the gradients (N, 3, S, S) at points, computed in an order; ``seen`` gets those of each batch, and which.

    They lie in memory as the points do, and so does each batch: another layout would round otherwise.
    """
    found = torch.empty_like(points)
    is_last = points.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if is_last else torch.contiguous_format
    for places in growing_batches(order, most):
        batch = points[places].contiguous(memory_format=layout)
        found[places] = values = gradient(batch)
        seen(values, places)
    return found


def filled_grid(side: int, known: dict[int, float]) -> Tensor:
    """Return a grid (side, side) of what is known by place, row by row; elsewhere the value of the nearest known."""
    places = torch.tensor(list(known))
    values = torch.tensor(list(known.values()), dtype=torch.float32)
    rows, columns = torch.arange(side * side) // side, torch.arange(side * side) % side
    distance = (rows[:, None] - places // side) ** 2 + (columns[:, None] - places % side) ** 2
    return values[distance.argmin(1)].view(side, side)
