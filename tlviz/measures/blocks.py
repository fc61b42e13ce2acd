"""Is one of several treatments better?  Every treatment runs once in each block, such as once with each seed.

Randomised blocks: a block lifts or lowers all its runs alike, what is left over is noise, pooled over the treatments.
Where it is known which images each run named rightly, the images are crossed with the blocks as the cases with the
readers in studies of diagnosis (Dorfman, Berbaum & Metz 1992; Hillis 2007): that treatments suit different images is a
noise that no further block takes away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.paired import LEVEL, t_95

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NOTHING = 1e-12
"""Squares below this are rounding."""
_MOST_DEGREES = 1000


@dataclass(frozen=True, slots=True)
class BlockNoise:
    """The noise of treatments in blocks: variances of one run's score, and the residual's ``degrees`` of freedom.

    ``residual`` is what is left of a run's score without its treatment and block; ``images`` the part of a treatment's
    mean that no further block takes away, as it is of the images.
    """

    treatments: int
    residual: float
    images: float
    degrees: int

    def gap_error(self, blocks: int) -> float:
        """Return the standard error of the difference of two treatments' means over the same ``blocks``."""
        return math.sqrt(2 * (self.residual / blocks + self.images))

    def is_behind(self, gap: float, blocks: int) -> bool:
        """Return whether a treatment so far below the best is below it by more than noise (95%, all marks at once).

        Tukey 1949: the studentised range bounds every difference between the treatments at once, whichever is best.
        """
        return gap > tukey_95(self.treatments, self.degrees) * self.gap_error(blocks)

    def is_won(self, lead: float, blocks: int) -> bool:
        """Return whether a best treatment so far above the second is truly the best (95%).

        Hung & Fithian 2019 ("Rank verification for exponential families"; Gutmann & Maymin 1987): it suffices to
        compare the best with the second by the two-sided test, however many there are.
        """
        return lead > t_95(self.degrees) * self.gap_error(blocks)


def block_noise(scores: Floats, hits: Sequence[Sequence[Bools | None]] | None = None) -> BlockNoise | None:
    """Return the noise of scores (K treatments, S blocks), NaN where a run is missing; None where it cannot be told.

    ``hits`` are the images (n,) that each run named rightly, None where unknown.  Where all differences are equal in
    all blocks, which says nothing about noise, that of the images stands in.
    """
    is_known = np.isfinite(scores)
    scores = scores[is_known.any(1)]
    is_known = is_known[is_known.any(1)]
    residual, degrees = _additive_residual(scores, is_known)
    if degrees < 1:
        return None
    within, images = _image_terms(hits, is_known) if hits is not None else (0.0, 0.0)
    if residual < NOTHING:
        rate = float(np.clip(scores[is_known].mean(), 0, 1))
        count = next((len(h) for row in hits or () for h in row if h is not None), 0)
        residual = within or (rate * (1 - rate) / count if count else 0.0)
        degrees = _MOST_DEGREES if residual else degrees
    return BlockNoise(len(scores), residual, images, degrees)


def _additive_residual(scores: Floats, is_known: NDArray[np.bool_]) -> tuple[float, int]:
    """Return the mean square left over by treatments and blocks, least squares over the known runs, and its degrees."""
    rows, columns = np.nonzero(is_known)
    design = np.zeros((len(rows), sum(scores.shape)))
    design[np.arange(len(rows)), rows] = 1
    design[np.arange(len(rows)), scores.shape[0] + columns] = 1
    values = scores[is_known]
    solution, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    degrees = len(rows) - int(rank)
    return (float(((values - design @ solution) ** 2).sum()) / degrees if degrees else 0.0), degrees


def _image_terms(hits: Sequence[Sequence[Bools | None]], is_known: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the variance that images give one run's score, and what of a mean no further block takes away.

    From the blocks in which every treatment's images are known, all with equally many; zeros where there are none.
    """
    rows = [row for row in hits if any(h is not None for h in row)]
    whole = [at for at in range(is_known.shape[1]) if all(row[at] is not None for row in rows)]
    counts = {len(h) for row in rows for at in whole if (h := row[at]) is not None}
    if len(rows) < 2 or len(whole) < 2 or len(counts) != 1 or 0 in counts or 1 in counts:
        return 0.0, 0.0
    cube = np.array([[row[at] for at in whole] for row in rows], dtype=np.float64)
    treatments, blocks, count = cube.shape
    mean, by_run, by_image = cube.mean((1, 2), keepdims=True), cube.mean(2, keepdims=True), cube.mean(1, keepdims=True)
    both = by_image - mean
    both = both - both.mean(0, keepdims=True)
    rest = cube - by_run - by_image + mean
    rest = rest - rest.mean(0, keepdims=True)
    of_images = blocks * float((both**2).sum()) / ((treatments - 1) * (count - 1))
    left = float((rest**2).sum()) / ((treatments - 1) * (blocks - 1) * (count - 1))
    return left / count, max(0.0, of_images - left) / (blocks * count)


@lru_cache(maxsize=256)
def tukey_95(treatments: int, degrees: int) -> float:
    """Return how many standard errors of a difference the largest of all differences exceeds once in twenty."""
    from scipy.stats import studentized_range  # scipy takes a while to import

    return float(studentized_range.ppf(1 - LEVEL, treatments, min(degrees, _MOST_DEGREES))) / math.sqrt(2)
