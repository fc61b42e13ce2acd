"""Successive halving with a margin: a race drops what is more than a standard error below the median.

After Jamieson & Talwalkar 2016 (https://arxiv.org/abs/1502.07943), but by standard errors instead of a fixed share.
One standard error saves time and is no proof: of seven equally good strategies one is dropped in a third to a half of
races.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from tlviz.measures.accuracy import standard_error
from tlviz.measures.paired import mean_and_error
from tlviz.runs.races.race import Member, Race

SHARES = (1 / 3, 2 / 3)
"""Where a race looks back, as shares of its epochs."""
FEWEST = 3
"""Among fewer values there is no field to be behind."""


def rungs(members: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Return the epochs at which a race of these settings looks back, before its last."""
    epochs = min((int(member["epochs"]) for member in members), default=0)
    return tuple(sorted({rung for share in SHARES if 0 < (rung := math.ceil(epochs * share)) < epochs}))


def behind(race: Race, rung: int) -> list[tuple[str, list[Member], str]]:
    """Return the values whose mean best accuracy is more than a standard error below the median of all, and why.

    For each: its words, its runs that are still in the race, and the reason in words.
    """
    groups: dict[str, list[Member]] = {}
    for member in race.members:
        if member.is_open and member.curve.best is not None:
            groups.setdefault(member.words, []).append(member)
    scores = {words: mean_and_error([_best(member) for member in members]) for words, members in groups.items()}
    if len(scores) < FEWEST:
        return []
    median = statistics.median(mean for mean, _ in scores.values())
    found = []
    for words, members in groups.items():
        mean, spread = scores[words]
        images = sum(member.curve.validation_images for member in members)
        error = max(spread or 0.0, standard_error(mean, max(1, images)))
        if mean + error < median:
            reason = f"after epoch {rung} its {mean:.1%} ± {error:.1%} was below the median of {median:.1%}."
            found.append((words, members, reason))
    return found


def _best(member: Member) -> float:
    return member.curve.best.val_accuracy if member.curve.best else 0.0
