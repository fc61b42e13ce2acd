"""Who wins a race, by how much, at what cost, and whether the difference is more than noise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tlviz.measures.accuracy import standard_error
from tlviz.measures.paired import NORMAL_95, difference_error, mean_and_error, t_95, unpack_hits
from tlviz.runs.races.race import Member, MemberState, Race

SEEDS_FOR_PAIRS = 3
"""From this many seeds on, noise is judged by the differences between the seeds themselves."""

ROUNDING = 1e-9
"""Differences that are the same for every seed, except for rounding, show nothing about noise."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One value of the swept setting over its seeds: accuracies are fractions of the best epochs, costs are means.

    ``error`` is the standard error of ``accuracy``: over the seeds, or with one seed that of its validation images.
    ``gap`` is how far it is behind the winner on the seeds that both have; ``is_distinguishable`` says whether that is
    more than noise (95%), None for the winner and where nothing can be said yet.  ``seconds`` is as if nothing had been
    shared with other runs; ``source_kept`` is the share of the source's answers that are left.
    """

    value: Any
    words: str
    seeds: int
    is_over: bool
    is_dropped: bool
    accuracy: float | None
    error: float | None
    gap: float | None
    is_distinguishable: bool | None
    trainable_parameters: int | None
    seconds: float | None
    memory_mb: float | None
    source_kept: float | None
    runs: tuple[str, ...]


def standings(race: Race) -> list[Standing]:
    """Rank the values of a race by mean validation accuracy, those without any last; ties go to fewer parameters."""
    groups: dict[str, list[Member]] = {}
    for member in sorted(race.members, key=lambda member: member.number):
        groups.setdefault(member.words, []).append(member)
    ranked = sorted(groups.values(), key=_rank)
    winner = _measured(ranked[0]) if ranked else {}
    return [_standing(members, winner, is_first=at == 0) for at, members in enumerate(ranked)]


def compare(first: dict[int, Member], second: dict[int, Member]) -> tuple[float, bool] | None:
    """Return how far ahead the first is of the second on common seeds, and whether that is more than noise (95%).

    From three seeds on by Student's t over the paired differences; below, or where those are all the same, by McNemar's
    error on the same validation images, or the binomial one where it is not known which images were right.  None
    without a common seed.
    """
    seeds = sorted(first.keys() & second.keys())
    if not seeds:
        return None
    pairs = [(first[seed], second[seed]) for seed in seeds]
    gap, error = mean_and_error([_best(one) - _best(other) for one, other in pairs])
    if error is not None and error > ROUNDING and len(seeds) >= SEEDS_FOR_PAIRS:
        return gap, abs(gap) > t_95(len(seeds) - 1) * error
    sampling = math.sqrt(sum(_pair_error(one, other) ** 2 for one, other in pairs)) / len(pairs)
    return gap, abs(gap) > NORMAL_95 * sampling


def _standing(members: Sequence[Member], winner: dict[int, Member], *, is_first: bool) -> Standing:
    measured = _measured(members)
    accuracy, error = _score(list(measured.values())) if measured else (None, None)
    against = None if is_first or not measured else compare(winner, measured)
    curves = [member.curve for member in measured.values()]
    done = [curve for curve in curves if curve.duration_s is not None]
    return Standing(
        value=members[0].value,
        words=members[0].words,
        seeds=len(measured),
        is_over=not any(member.is_open for member in members),
        is_dropped=any(member.state is MemberState.DROPPED for member in members),
        accuracy=accuracy,
        error=error,
        gap=against[0] if against else None,
        is_distinguishable=against[1] if against else None,
        trainable_parameters=max((curve.trainable_parameters or 0 for curve in curves), default=None),
        seconds=_mean((curve.duration_s or 0.0) + curve.shared_s for curve in done),
        memory_mb=_mean(curve.memory_mb for curve in done),
        source_kept=_mean(curve.agreement for curve in curves),
        runs=tuple(member.run for member in members if member.run),
    )


def _measured(members: Sequence[Member]) -> dict[int, Member]:
    """Return the runs that have a validated epoch, by seed."""
    return {member.seed: member for member in members if member.curve.best is not None}


def _score(members: Sequence[Member]) -> tuple[float, float | None]:
    mean, error = mean_and_error([_best(member) for member in members])
    images = members[0].curve.validation_images
    is_told = error is not None and error > ROUNDING  # seeds that all agree say nothing of the images
    return mean, error if is_told or not images else standard_error(mean, images)


def _rank(members: Sequence[Member]) -> tuple[float, float, int]:
    measured = list(_measured(members).values())
    if not measured:
        return math.inf, 0, members[0].number
    accuracy, _ = mean_and_error([_best(member) for member in measured])
    return -accuracy, max(member.curve.trainable_parameters or 0 for member in measured), members[0].number


def _pair_error(first: Member, second: Member) -> float:
    """Return the standard error of the difference of two runs of one seed."""
    count = first.curve.validation_images
    if count == second.curve.validation_images:
        hits = [unpack_hits(member.curve.hits, count) for member in (first, second)]
        if hits[0] is not None and hits[1] is not None:
            return difference_error(hits[0], hits[1])
    counts = [max(1, member.curve.validation_images) for member in (first, second)]
    return math.hypot(*(standard_error(_best(m), n) for m, n in zip((first, second), counts, strict=True)))


def _best(member: Member) -> float:
    return member.curve.best.val_accuracy if member.curve.best else 0.0


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
