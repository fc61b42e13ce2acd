"""How well a map shows what a network uses: curves of removing and adding pixels, and how alike two maps are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]
Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ProbabilityCurve:
    """The probability of the class over the fraction of pixels that were changed: both (K,), 0 to 1."""

    fractions: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Return the area under the curve: the mean probability on the way."""
        return float(np.trapezoid(self.probabilities, self.fractions))


def fractions(steps: int) -> NDArray[np.float64]:
    """Return ``steps`` + 1 evenly spaced fractions from 0 to 1."""
    return np.linspace(0, 1, steps + 1)


def changed_pictures(start: Picture, end: Picture, values: Values, steps: int) -> Picture:
    """Return pictures (steps + 1, 3, S, S) between two of (3, S, S): the pixels of ``end``, the highest values first.

    With the picture as ``start`` and a blank one as ``end`` this is the deletion game of RISE (Petsiuk et al. 2018),
    with a blurred one as ``start`` and the picture as ``end`` the insertion game.  Equal values keep their order.
    """
    order = np.argsort(-values.ravel(), kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    counts = np.round(fractions(steps) * order.size).astype(np.int64)
    taken = (rank[None] < counts[:, None]).reshape(len(counts), 1, *values.shape)
    return np.where(taken, end[None], start[None]).astype(np.float32)


def chance_maps(values: Values, count: int, seed: int = 0) -> list[Values]:
    """Return copies of a map (S, S) that lie elsewhere: turned, mirrored and shifted around the edges by chance.

    They have the map's own texture and spread.  Noise of single pixels would be an easier rival: it tears a picture
    apart whatever the network looks at.
    """
    generator = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        moved = np.rot90(values, int(generator.integers(4)))
        moved = moved[:, ::-1] if generator.random() < 0.5 else moved
        shift = tuple(int(step) for step in generator.integers(0, values.shape[0], 2))
        made.append(np.roll(moved, shift, (0, 1)))
    return made


def rank_correlation(first: Values, second: Values) -> float:
    """Return Spearman's rank correlation of two maps' absolute values, ties at their mean rank; 0 for a flat map."""
    from scipy.stats import spearmanr  # takes over a second to import

    one, two = (np.abs(values).ravel() for values in (first, second))
    return float(spearmanr(one, two).statistic) if np.ptp(one) > 0 and np.ptp(two) > 0 else 0.0


def covering_squares(side: int, count: int, seed: int = 0) -> NDArray[np.bool_]:
    """Return masks (count, side, side), each True in one square of a tenth to a half of the side, placed by chance."""
    generator = np.random.default_rng(seed)
    masks = np.zeros((count, side, side), dtype=np.bool_)
    for mask in masks:
        wide = max(1, int(generator.uniform(0.1, 0.5) * side))
        top, left = generator.integers(0, side - wide + 1, 2)
        mask[top : top + wide, left : left + wide] = True
    return masks


def spreads_from_chance(value: float, chance: Sequence[float]) -> float:
    """Return how many standard deviations a value is above the mean of chance's; 0 where all are the same."""
    spread = float(np.std(chance, ddof=1)) if len(chance) > 1 else 0.0
    difference = value - float(np.mean(chance))
    return difference / spread if spread > 1e-12 else float(np.sign(difference)) * (float("inf") if difference else 0.0)


def explained_share(sums: Values, drops: Values) -> float:
    """Return how much of the drops (N,) a map explains by its sums (N,) over what was covered, 0 to 1.

    1 minus the infidelity (Yeh et al. 2019) after the best scaling, as a share of the drops' mean square; 0 where the
    map or the drops are zero everywhere.
    """
    scale = float((sums**2).sum() * (drops**2).sum())
    return float((sums * drops).sum() ** 2 / scale) if scale > 0 else 0.0
