"""What a search for the best model does first: measure the networks, and plan the field of runs that race."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from tlviz.cores import usable_cores
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.target import Target
from tlviz.data.training.splits import SplitPlan, split_images
from tlviz.diagnose.advice import is_above_chance
from tlviz.diagnose.profile import profile_target
from tlviz.diagnose.records import Profile
from tlviz.diagnose.request import make_request
from tlviz.errors import BadDatasetError, TlvizError
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.tunable import stages_of
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.medium import Medium
from tlviz.models.catalogue import find_model
from tlviz.runs.best.plan import (
    FIELD_EPOCHS,
    MEASURED_LIMIT,
    MEASURED_LIMIT_SHORT,
    SHORT_MINUTES,
    SIDES,
    Entrant,
    advised,
    field_of,
    fixed_rules,
    held_out_share,
    side_for,
)
from tlviz.runs.expected_time import START_S as ALONE_S
from tlviz.runs.expected_time import forecast, work_of
from tlviz.runs.store.heartbeat import Status

MEASURING_SHARE = 0.25
"""Measuring is given up when it has taken this share of the budget."""
SECOND_NETWORK_SHARE = 0.1
"""A second network is measured where the first took less than this share of the budget."""
TURN_S = 0.7
"""What a run needs to begin in a worker that has begun others; alone it needs ``ALONE_S``."""


class _TooSlowError(Exception):
    """Measuring takes more of the budget than it is worth."""


@dataclass(frozen=True, slots=True)
class Field:
    """The runs that race first, each with its label; ``is_measured``: a probe was clearly above guessing.

    ``words`` say what runs, and which pictures will judge.
    """

    runs: tuple[tuple[str, FinetuneConfig], ...]
    is_measured: bool
    words: str


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched: a target and how it is read, networks, settings of all runs, and the budget.

    ``used_s`` and ``left_s`` say how much of it is spent and left for training; ``say`` tells the person something.
    """

    job: Job
    target: Target
    data: str
    read_as: ReadAs
    models: Sequence[str]
    base: Mapping[str, Any]
    budget_s: float
    used_s: Callable[[], float]
    left_s: Callable[[], float]
    say: Callable[[str], None]


def plan_field(search: Search) -> Field:
    """Measure what there is time for, and return the first field.  Raises ``StoppedEarly`` and ``TlvizError``."""
    profiles = _measure(search)
    target, share, several = search.target, _held_out(search.target), len(search.models) > 1
    entrants: list[Entrant] = []
    for at, model in enumerate(search.models):
        spec = find_model(model)
        stages, named = len(stages_of(spec)) - 1, spec.title if several else ""
        rules = fixed_rules(stages, model, named=named)
        first = advised(profiles[model].advice, model, stages, named=named) if model in profiles else []
        entrants += field_of(first, rules) if at == 0 else field_of(first[:1], rules[:2])[:2]
    side = _side(search, entrants, share, profiles)
    plain: dict[str, Any] = {"epochs": FIELD_EPOCHS, "test_share": share, "gauges": False}
    plain |= {"image_size": side} if side else {}
    judged = (
        f"{share:.0%} of the pictures are kept from all choices"
        if share
        else "the target's own test part judges the winner"
        if "test" in target.parts
        else "the classes are too small to keep pictures from the choices"
    )
    at_side = f" at {side} pixels" if side else ""
    return Field(
        tuple(
            (one.label, configure(data=search.data, **dict(search.base) | plain | dict(one.settings)))
            for one in entrants
        ),
        any(is_above_chance(found.stages, found.chance) for found in profiles.values()),
        f"{len(entrants)} runs of {FIELD_EPOCHS} epochs{at_side}; {judged}.",
    )


def _measure(search: Search) -> dict[str, Profile]:
    """Return the profile of each network that there is time to measure."""
    found: dict[str, Profile] = {}
    limit = MEASURED_LIMIT if search.budget_s > 60 * SHORT_MINUTES else MEASURED_LIMIT_SHORT
    torch.set_num_threads(usable_cores())
    for model in search.models:
        title = find_model(model).title
        if found and search.used_s() > SECOND_NETWORK_SHARE * search.budget_s:
            search.say(f"{title} is not measured: there is more to win with the time.")
            continue
        try:
            request = replace(make_request(model, search.data, limit=limit), read_as=search.read_as)
            found[model] = profile_target(request, _telling(search))
            advice = found[model].advice
            search.say(
                f"Measured {title}: {advice.strategy} with {advice.freeze} frozen stages is advised. "
                f"{advice.reasons[0]}"
            )
        except _TooSlowError:
            search.say("Measuring took too long for this budget; the fixed rules race without its advice.")
        except TlvizError as error:
            search.say(f"Not measured: {error} The fixed rules race without its advice.")
    return found


def _telling(search: Search) -> Callable[[str, int, int], None]:
    def tell(doing: str, _done: int, _total: int) -> None:
        if search.job.should_stop():
            raise StoppedEarly
        if search.used_s() > MEASURING_SHARE * search.budget_s:
            raise _TooSlowError
        search.job.tell(Status.RUNNING, f"measuring: {doing}", 0.0, search.left_s())

    return tell


def _held_out(target: Target) -> float:
    """Return the share to keep from all choices, 0 where a target cannot spare it."""
    share = held_out_share(target.labels, target.parts)
    try:
        split_images(target.labels, target.parts, 0, SplitPlan(share))
    except BadDatasetError:
        return 0.0
    return share


def _side(search: Search, entrants: Sequence[Entrant], share: float, profiles: Mapping[str, Profile]) -> int | None:
    """Return the side in pixels of the first field, None where the network decides."""
    if search.base.get("image_size"):
        return int(search.base["image_size"])
    specs = [find_model(model) for model in search.models]
    if any(spec.medium is not Medium.PICTURES for spec in specs):
        return None
    own = min(spec.preprocessing.size for spec in specs)
    sides = [side for side in SIDES if side <= own and all(spec.takes(side) for spec in specs)]
    profile = next(iter(profiles.values()), None)
    if not sides or profile is None:
        return side_for(sides, {}, None, search.left_s()) if sides else None
    train = round(0.8 * (1 - share) * len(search.target.labels))
    expected = {side: _expected_s(search, entrants, side, train, profile) for side in sides}
    return side_for(sides, expected, 1.0, search.left_s())


def _expected_s(search: Search, entrants: Sequence[Entrant], side: int, train: int, profile: Profile) -> float:
    """Return how long the whole field takes at a side, by the passes that measuring took."""
    seconds = 0.0
    for entrant in entrants:
        chosen = dict(search.base) | {"image_size": side, "epochs": FIELD_EPOCHS} | dict(entrant.settings)
        config = configure(data=search.data, **chosen)
        work = work_of(config, stages_of(find_model(config.model)), train, train // 4)
        expected = forecast(work, [], profile)
        seconds += max(expected.seconds - ALONE_S, 0.0) + TURN_S if expected else 0.0
    return seconds
