"""What pretraining is worth on several targets, side by side and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tlviz.diagnose.advice import LEAST_DIFFERENCE, best_stage
from tlviz.diagnose.records import Profile, StageProfile
from tlviz.diagnose.worth import Worth, worth_of
from tlviz.figures.stage_words import listed

Told = tuple[str, StageProfile]
"""A target's title, and the stage at which its probe is best."""


def compare_targets(profiles: Sequence[Profile], titles: Sequence[str]) -> str:
    """Say on which targets pretraining is worth most, and on which almost nothing; ``titles`` name the targets.

    Each target is judged at the stage where its probe is best, against random weights at the same stage.
    """
    found: dict[Worth, list[Told]] = {worth: [] for worth in Worth}
    for profile, title in zip(profiles, titles, strict=True):
        found[worth_of(profile.stages, profile.chance)].append((title, best_stage(profile.stages)))
    gaining = sorted(found[Worth.GAIN], key=lambda told: -told[1].gain)
    parts = [_gains(gaining)] if gaining else []
    for worth in (Worth.LITTLE, Worth.UNSURE):
        parts += [
            f"on {title} pretraining adds {worth} ({_gain(at)} points, random weights reach "
            f"{100 * at.random_probe:.1f}%)"
            for title, at in found[worth]
        ]
    parts += [
        f"on {title} random weights do better (by {100 * -at.gain:.1f} ± {100 * at.gain_se:.1f} points at {at.name})"
        for title, at in found[Worth.LOSS]
    ]
    parts += [f"on {title} no stage is clearly above chance" for title, _ in found[Worth.UNKNOWN]]
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}."


def _gains(order: Sequence[Told]) -> str:
    """Word clear gains, the largest first: which is the most, or that the first ones are not distinguishable."""
    title, first = order[0]
    most = f"{_gain(first)} points over random weights at {first.name}"
    if len(order) == 1:
        return f"pretraining is worth {most} on {title}"
    alike = [told for told in order[1:] if not _is_apart(first, told[1])]
    then = [_short(told) for told in order[1:] if told not in alike]
    if alike:
        words = (
            f"pretraining is worth about as much on {title} ({most}) as on {listed([_short(told) for told in alike])}"
        )
        return f"{words}, and less on {listed(then)}" if then else words
    return f"pretraining is worth most on {title} ({most}), less on {listed(then)}"


def _is_apart(first: StageProfile, other: StageProfile) -> bool:
    """Return whether two gains on different images differ beyond two standard errors and one point."""
    return first.gain - other.gain > max(LEAST_DIFFERENCE, 2 * math.hypot(first.gain_se, other.gain_se))


def _gain(stage: StageProfile) -> str:
    return f"{100 * stage.gain:+.1f} ± {100 * stage.gain_se:.1f}"


def _short(told: Told) -> str:
    title, at = told
    return f"{title} ({_gain(at)} at {at.name})"
