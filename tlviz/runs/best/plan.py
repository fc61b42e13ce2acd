"""What a search for the best model tries: the fixed rules, what measuring advises, and then changes to the leader."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlviz.diagnose.records import Advice
from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Augment, Schedule
from tlviz.finetune.strategies import STRATEGIES

LEAST_MINUTES, MOST_MINUTES = 0.5, 1440.0
FIELD_EPOCHS = 10
"""Epochs of a run of the first field: as many as a usual first run."""
FEWEST_EPOCHS = 4
"""A change to the leader that could train for fewer epochs is not tried."""
SIDES = (224, 160, 128, 96, 64)
"""Sides in pixels at which the first field may run, where the network takes them."""
FIELD_SHARE = 0.45
"""The first field gets at most this share of the time, so that the leader can be improved in the rest."""
HELD_OUT = 0.2
MOST_HELD_OUT = 500
"""So many pictures that no choice sees give an accuracy to four points; more would be lost to training."""
FEWEST_IN_CLASS = 5
MEASURED_LIMIT, MEASURED_LIMIT_SHORT = 1000, 300
SHORT_MINUTES = 3.0
SEVERAL_NETWORKS_MINUTES = 5.0
"""In less there is no time for a second network, unless it is asked for."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """One run to try: its name among the others, and its settings beside those that all share."""

    label: str
    settings: Mapping[str, Any]


def check_minutes(minutes: float) -> float:
    """Return a budget in minutes.  Raises ``BadSettingError`` where nothing useful can be done in it."""
    if not math.isfinite(minutes) or not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise BadSettingError(
            f"The budget is {minutes:g} minutes; give one from {LEAST_MINUTES:g} to {MOST_MINUTES:,.0f} (a day)."
        )
    return float(minutes)


def plan_words(minutes: float, networks: Sequence[str]) -> list[str]:
    """Say before it starts what will be done with the minutes, a sentence each."""
    named = " and ".join(networks)
    return [
        f"Plan for {minutes:g} minutes with {named}: measure the target at each stage of the network; race the advised "
        "depth and its neighbours against the fixed rules (head only, two phases, everything, middle depth) at the "
        f"course's rates, {FIELD_EPOCHS} epochs each, the weaker half leaving on the way where time is short.",
        "Then change the leader while time is left (longer with augmentation and averaged weights, larger pictures, "
        "other rates) and keep what validates better.",
        "Pictures that none of these choices sees tell at the end what the winner is worth, with a 90 % interval.",
    ]


def held_out_share(labels: NDArray[np.int64], parts: Sequence[str]) -> float:
    """Return the share of the pictures (N,) to keep from all choices: 0 with a test part, or with too few a class."""
    own = np.asarray(parts)
    if (own == "test").any():
        return 0.0
    rest = labels[(own == "train") | (own == "")]
    counts = np.bincount(rest)[np.unique(rest)] if len(rest) else np.zeros(1)
    if np.median(counts) < FEWEST_IN_CLASS:
        return 0.0
    return min(HELD_OUT, MOST_HELD_OUT / len(rest))


def fixed_rules(stages: int, model: str, *, named: str = "") -> list[Entrant]:
    """Return the rules that need no measuring, at the course's rates, best prior first; ``stages`` of the backbone."""
    rows = [
        ("two_phase", None, STRATEGIES["two_phase"].title),
        ("full", None, STRATEGIES["full"].title),
        ("last_stages", stages // 2, f"{STRATEGIES['last_stages'].title}, {stages // 2} frozen"),
        ("head_only", None, STRATEGIES["head_only"].title),
    ]
    ahead = f"{named}: " if named else ""
    return [
        Entrant(ahead + label, {"model": model, "strategy": strategy} | ({} if freeze is None else {"freeze": freeze}))
        for strategy, freeze, label in rows
    ]


def advised(advice: Advice, model: str, stages: int, *, named: str = "") -> list[Entrant]:
    """Return the advised run and those one stage less and more frozen, at the advised rates."""
    rates = {"head_lr": advice.head_lr, "backbone_lr": advice.backbone_lr}
    depths = [advice.freeze, advice.freeze - 1, advice.freeze + 1]
    ahead = f"{named}: " if named else ""
    found = []
    for depth in depths:
        if not 0 <= depth <= stages:
            continue
        strategy = "full" if depth == 0 else "head_only" if depth == stages else "last_stages"
        title = STRATEGIES[strategy].title + (f", {depth} frozen" if strategy == "last_stages" else "")
        found.append(Entrant(ahead + title, {"model": model, "strategy": strategy, "freeze": depth} | rates))
    return found


def field_of(first: Sequence[Entrant], rules: Sequence[Entrant]) -> list[Entrant]:
    """Return the first field: what is advised, then the rules that it does not hold already, by their names."""
    found: dict[str, Entrant] = {}
    for entrant in (*first, *rules):
        found.setdefault(entrant.label, entrant)
    return list(found.values())


def rungs_of(epochs: int) -> tuple[int, ...]:
    """Return the epochs at which the weaker half of a field leaves: where two phases have begun their second."""
    return tuple(sorted({rung for share in (0.4, 0.7) if 0 < (rung := math.ceil(epochs * share)) < epochs}))


def kept(scores: Mapping[int, float], fewest: int = 2) -> set[int]:
    """Return which runs stay at a rung, by number: the better half of ``scores``, at least ``fewest`` of them."""
    ranked = sorted(scores, key=lambda number: (-scores[number], number))
    return set(ranked[: max(fewest, math.ceil(len(ranked) / 2))])


def side_for(sides: Sequence[int], work_at: Mapping[int, float], seconds_per_work: float | None, left_s: float) -> int:
    """Return the largest side whose field fits into its share of the time; 128, or the nearest, where none is known.

    ``work_at`` is the field's work at each side, in a unit that takes ``seconds_per_work``.
    """
    if seconds_per_work is None:
        return min(sides, key=lambda side: abs(side - 128))
    fitting = [side for side in sides if work_at[side] * seconds_per_work <= FIELD_SHARE * left_s]
    return max(fitting, default=min(sides))


def changes(leader: Mapping[str, Any], own_side: int, done: Collection[str]) -> list[Entrant]:
    """Return what may improve a leader's settings, the most promising first, without those ``done``, by name."""
    epochs, side = int(leader["epochs"]), int(leader["image_size"])
    head, backbone = float(leader["head_lr"]), float(leader["backbone_lr"])
    longer = max(20, 2 * epochs) if epochs < 40 else epochs
    found = [
        Entrant(
            "leader, longer, light augmentation, averaged weights",
            {"epochs": longer, "augment": Augment.LIGHT, "schedule": Schedule.COSINE, "ema": 0.98, "patience": longer},
        )
    ]
    larger = next((one for one in sorted(SIDES) if side < one <= own_side), None)
    if larger:
        found.append(Entrant(f"leader at {larger} pixels", {"image_size": larger}))
    if leader["strategy"] != "head_only":
        found.append(Entrant("leader, backbone rate times 3", {"backbone_lr": 3 * backbone}))
        found.append(Entrant("leader, backbone rate a third", {"backbone_lr": backbone / 3}))
    found += [
        Entrant("leader, head rate times 3", {"head_lr": 3 * head}),
        Entrant("leader, head rate a third", {"head_lr": head / 3}),
        Entrant("leader, label smoothing", {"label_smoothing": 0.1}),
        Entrant(
            "leader, strong augmentation, twice as long", {"augment": Augment.STRONG, "epochs": min(80, 2 * epochs)}
        ),
    ]
    return [one for one in found if one.label not in done]


def epochs_that_fit(wished: int, seconds_an_epoch: float, left_s: float) -> int | None:
    """Return how many of the wished epochs fit into the time, None where too few do for a fair try."""
    fitting = wished if seconds_an_epoch <= 0 else int(left_s / seconds_an_epoch)
    return min(wished, fitting) if fitting >= min(wished, FEWEST_EPOCHS) else None
