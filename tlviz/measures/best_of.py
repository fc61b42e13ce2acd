"""How good the best epoch really is: the best of several, chosen on the images it is reported on, looks too good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS = 200
MOST_IMAGES = 20_000
"""With more the choice of an epoch is worth less than a tenth of a point."""


def accuracy_without_choice(hits: Sequence[NDArray[np.bool_]]) -> float | None:
    """Return the accuracy, 0 to 1, to expect of the best of several epochs on other images; hits of each epoch (n,).

    Tsamardinos, Greasidou & Borboudakis 2018 ("Bootstrapping the out-of-sample predictions for efficient and accurate
    cross-validation"): draw the images anew, choose the epoch that is best on those drawn, the earliest of equals, and
    score it on those not drawn; the mean of 200 draws of a fixed seed.  None for fewer than two images or no epoch.
    """
    if not hits or len({len(epoch) for epoch in hits}) != 1 or not 2 <= len(hits[0]) <= MOST_IMAGES:
        return None
    right = np.array(hits, dtype=np.float64)
    count = right.shape[1]
    generator = np.random.default_rng(0)
    drawn = generator.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(np.float64)
    left_out = (drawn == 0).astype(np.float64)
    is_usable = left_out.sum(1) > 0
    drawn, left_out = drawn[is_usable], left_out[is_usable]
    chosen = (drawn @ right.T).argmax(1)
    scores = (left_out * right[chosen]).sum(1) / left_out.sum(1)
    return float(scores.mean())
