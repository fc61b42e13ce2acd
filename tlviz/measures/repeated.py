"""How far the mean accuracy of repeated runs may be off: what the images leave open and what the runs do, together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.accuracy import standard_error

Bools = NDArray[np.bool_]


def run_variance(repeats: Sequence[Sequence[Bools]]) -> float:
    """Return the variance between runs of one kind beyond what their images explain, pooled over kinds of runs.

    ``repeats`` holds for each kind the images (n,) that each of its runs named rightly; a kind with one run tells
    nothing, and without any other the variance is 0: unknown, not absent.  The components of variance of a two-way
    layout, images by runs (Searle, Casella & McCulloch 1992), which need not be the same images in every run.
    """
    found = []
    for runs in repeats:
        if len(runs) < 2 or len({len(hits) for hits in runs}) != 1 or len(runs[0]) < 2:
            continue
        right = np.array(runs, dtype=np.float64)
        count = right.shape[1]
        rest = right - right.mean(1, keepdims=True) - right.mean(0, keepdims=True) + right.mean()
        within = float((rest**2).sum()) / ((len(right) - 1) * (count - 1)) / count
        found.append(float(right.mean(1).var(ddof=1)) - within)
    return max(0.0, math.fsum(found) / len(found)) if found else 0.0


def mean_accuracy_error(accuracies: Sequence[float], images: int, hits: Sequence[Bools], between_runs: float) -> float:
    """Return one standard error of the mean of runs' accuracies on ``images`` each.

    The images' part is the longer side of Wilson's interval, for as many independent images as the runs together are
    worth: all of each run's where runs err on different ones, one run's where they err on the same.  ``between_runs``
    is the variance between runs beyond that.  Without ``hits`` (n,) of every run they count as one run's images.
    """
    mean = min(1.0, max(0.0, math.fsum(accuracies) / len(accuracies)))
    worth = float(images)
    if len(hits) == len(accuracies) > 1 and {len(h) for h in hits} == {images} and 0 < mean < 1:
        spread = float(np.mean(np.array(hits, dtype=np.float64), axis=0).var(ddof=1)) if images > 1 else 0.0
        most = float(images * len(hits))
        worth = min(most, max(worth, mean * (1 - mean) * images / spread)) if spread else most
    seeds = 0.0
    if len(accuracies) > 1 and not hits:
        seeds = float(np.var(accuracies, ddof=1)) / len(accuracies)
    return math.hypot(standard_error(mean, max(1, round(worth))), math.sqrt(between_runs / len(accuracies) + seeds))
