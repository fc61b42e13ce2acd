"""Whether the rate that a range test suggests is better than the run's own: by a little training from one start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tlviz.finetune.range_test import hits_after
from tlviz.finetune.state import State

MOST_STEPS = 60
EPOCHS = 3
"""It trains for so many epochs, and no more than ``MOST_STEPS`` steps."""
SURE = 2.0
LEAST_GAIN = 0.01
"""Another rate is advised where it is better by more than a point and two standard errors, picture by picture."""
SAME = 1.2
"""Rates that differ by less than this factor are the same."""


@dataclass(frozen=True, slots=True)
class RateCheck:
    """The ``advised`` head rate, ``words`` why, and what each rate reached on held-out pictures after ``steps``."""

    advised: float
    words: str
    rates: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()
    steps: int = 0


def check_rate(state: State, suggested: float | None) -> RateCheck:
    """Train a little at the run's own rate, at the suggested one, and between; the own one stays unless it is beaten.

    All from the same start and with the same batches, judged on the validation pictures; the state is left as it was.
    Raises ``Halted`` where a stop is asked for.
    """
    config = state.session.config
    own = config.head_lr
    if suggested is None:
        return RateCheck(own, f"The usual rate, {own:.2g}, stays.")
    if max(own / suggested, suggested / own) < SAME:
        return RateCheck(own, f"The suggested rate is the usual one, {own:.2g}.")
    rates = (own, float(np.sqrt(own * suggested)), suggested)
    batch = config.batch_size * config.accumulate
    steps = max(1, min(MOST_STEPS, EPOCHS * -(-len(state.session.split.train) // batch)))
    hits = [hits_after(state, rate, steps).astype(float) for rate in rates]
    gains = [right - hits[0] for right in hits]
    errors = [float(gain.std() / np.sqrt(len(gain))) for gain in gains]
    better = [at for at, gain in enumerate(gains) if gain.mean() > max(SURE * errors[at], LEAST_GAIN)]
    chosen = max(better, key=lambda at: float(gains[at].mean()), default=0)
    reached = tuple(float(right.mean()) for right in hits)
    told = f"After {steps} steps from one start {own:.2g} reached {reached[0]:.1%} on held-out pictures"
    if chosen:
        words = f"{told} and {rates[chosen]:.2g} {reached[chosen]:.1%}: better by more than its noise."
    else:
        best = max((1, 2), key=lambda at: reached[at])
        words = (
            f"{told}, {rates[best]:.2g} {reached[best]:.1%}: not better by more than noise, so the usual rate stays."
        )
    return RateCheck(rates[chosen], words, rates, reached, steps)
