"""What pretraining is worth on a target, in a word and in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from tlviz.diagnose.advice import (
    best_stage,
    general_depth,
    has_signal,
    is_above_chance,
    most_frozen,
    percent,
    points,
)
from tlviz.diagnose.records import StageProfile

SMALL_GAIN = 0.02
"""A gain over random weights that is known this well and no larger is almost nothing."""


class Worth(StrEnum):
    """What pretraining is worth on a target, at the stage with the best probe, above random weights."""

    GAIN = "gain"
    LITTLE = "almost nothing"
    UNSURE = "nothing certain"
    LOSS = "loss"
    UNKNOWN = "no stage is above chance"


def worth_of(stages: Sequence[StageProfile], chance: float) -> Worth:
    """Return what pretraining is worth at the best stage; beyond two standard errors and two points it is clear."""
    best = best_stage(stages)
    if not is_above_chance(stages, chance):
        return Worth.UNKNOWN
    if abs(best.gain) > max(SMALL_GAIN, 2 * best.gain_se):
        return Worth.GAIN if best.gain > 0 else Worth.LOSS
    return Worth.LITTLE if max(abs(best.gain), best.gain_se) <= SMALL_GAIN else Worth.UNSURE


def summarise_stages(stages: Sequence[StageProfile], chance: float, *, has_batchnorm: bool) -> str:
    """Summarise in words what pretraining is worth, how far the stages are general, and what the others cost."""
    if not is_above_chance(stages, chance):
        return "No reliable transfer signal: on these images no stage is worth clearly more than chance."
    if not has_signal(stages, chance):
        return "No reliable transfer signal: on these images no stage is worth clearly more than random weights."
    is_held_back = most_frozen(stages, has_batchnorm=has_batchnorm) < general_depth(stages)
    still = " These images differ from the source's, so tuning the later stages still pays." if is_held_back else ""
    worth = worth_of(stages, chance)
    return f"{_worth_in_words(stages, worth)} {_depth_in_words(stages, is_worth_it=worth is Worth.GAIN)}{still}"


def _worth_in_words(stages: Sequence[StageProfile], worth: Worth) -> str:
    """Say what pretraining is worth where the probe is best, and where that is little, where it is worth the most."""
    best, most = best_stage(stages), max(stages, key=lambda stage: stage.gain)
    gain, at = f"{_signed(best.gain)} ± {points(best.gain_se)} points", f"at {best.name}, where the probe is best"
    if worth is Worth.GAIN:
        return f"Pretraining is worth {gain} over random weights {at}."
    elsewhere = (
        f" Pretraining adds most at {most.name}, {_signed(most.gain)} ± {points(most.gain_se)} points."
        if most is not best and most.gain > max(SMALL_GAIN, 2 * most.gain_se)
        else ""
    )
    if worth is Worth.LOSS:
        loss = f"{points(-best.gain)} ± {points(best.gain_se)} points"
        return f"On these images random weights do better than pretrained ones, by {loss} {at}.{elsewhere}"
    return (
        f"On these images pretraining adds {worth}: {gain} {at}; random weights reach {percent(best.random_probe)} "
        f"there.{elsewhere}"
    )


def _depth_in_words(stages: Sequence[StageProfile], *, is_worth_it: bool) -> str:
    """Say up to where the stages are general, or where pretraining is worth little, only what the last ones cost."""
    best, last, general = best_stage(stages), stages[-1], general_depth(stages)
    costly = len(stages) - general
    if not costly:
        if not is_worth_it:
            return "No stage costs accuracy."
        return f"General up to {last.name}, the last stage before the head: no stage costs accuracy."
    loss = f"{points(last.behind)} ± {points(last.behind_se)} points at {last.name} against {best.name}"
    costs = f"the last {'stage costs' if costly == 1 else f'{costly} stages cost'} accuracy, {loss}."
    if not is_worth_it:
        return f"{costs[0].upper()}{costs[1:]}"
    return f"General up to {stages[general - 1].name}, specific from {stages[general].name}: {costs}"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}"
