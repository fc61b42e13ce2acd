"""Who wins a race, by how much, at what cost, and whether the difference is more than noise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tlviz.measures.means import mean_of_known
from tlviz.runs.races.noise import Mark, RaceNoise, Runs, best, race_noise
from tlviz.runs.races.race import Member, MemberState, Race


@dataclass(frozen=True, slots=True)
class Standing:
    """One value of the swept setting over its seeds: accuracies are fractions of the best epochs, costs are means.

    ``error`` is one standard error of ``accuracy``, of the images and the seeds together; ``without_choice`` the
    accuracy to expect on other images, as the best epoch was chosen on these; ``scores`` the accuracy of each seed.
    ``gap`` is how far it is behind the leader on the seeds that both have; ``is_distinguishable`` says whether that is
    more than noise (95%, of all marks of the race together), None for the leader and where too few seeds have ended.
    ``is_won``, of the leader alone, says whether it is ahead of all others by more than noise.
    ``seconds`` is as if nothing had been shared with other runs; ``source_kept`` is the share of the source's answers
    that are left.
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
    without_choice: float | None = None
    scores: tuple[tuple[int, float], ...] = ()
    is_won: bool | None = None


def standings(race: Race) -> list[Standing]:
    """Rank the values of a race by mean validation accuracy, those without any last; ties go to fewer parameters."""
    return rank_members(race.members)


def rank_members(runs: Iterable[Member]) -> list[Standing]:
    """Rank runs by their words, as ``standings`` does those of a race."""
    groups: dict[str, list[Member]] = {}
    for member in sorted(runs, key=lambda member: member.number):
        groups.setdefault(member.words, []).append(member)
    ranked = sorted(groups.values(), key=_rank)
    measured = [_measured(members) for members in ranked]
    noise = race_noise(measured)
    marks = [noise.mark(measured[0], runs) if runs else None for runs in measured[1:]]
    rivals = [
        mark
        for mark, members in zip(marks, ranked[1:], strict=True)
        if not any(member.state is MemberState.DROPPED for member in members)
    ]
    won = noise.is_won(rivals)
    return [
        _standing(members, measured[at], noise, marks[at - 1] if at else None, won, is_first=at == 0)
        for at, members in enumerate(ranked)
    ]


def _standing(
    members: Sequence[Member], runs: Runs, noise: RaceNoise, mark: Mark | None, won: bool | None, *, is_first: bool
) -> Standing:
    curves = [member.curve for member in runs.values()]
    done = [curve for curve in curves if curve.duration_s is not None]
    return Standing(
        value=members[0].value,
        words=members[0].words,
        seeds=len(runs),
        is_over=not any(member.is_open for member in members),
        is_dropped=any(member.state is MemberState.DROPPED for member in members),
        accuracy=mean_of_known(map(best, runs.values())),
        error=noise.error(runs) if runs else None,
        gap=mark.gap if mark else None,
        is_distinguishable=(mark.is_distinguishable or won) if mark and mark.is_distinguishable is not None else None,
        trainable_parameters=max((curve.trainable_parameters or 0 for curve in curves), default=None),
        seconds=mean_of_known((curve.duration_s or 0.0) + curve.shared_s for curve in done),
        memory_mb=mean_of_known(curve.memory_mb for curve in done),
        source_kept=mean_of_known(curve.agreement for curve in curves),
        runs=tuple(member.run for member in members if member.run),
        without_choice=mean_of_known(curve.without_choice for curve in curves) if _all_told(runs) else None,
        scores=tuple((seed, best(member)) for seed, member in sorted(runs.items())),
        is_won=won if is_first else None,
    )


def _measured(members: Sequence[Member]) -> dict[int, Member]:
    """Return the runs that have a validated epoch, by seed."""
    return {member.seed: member for member in members if member.curve.best is not None}


def _all_told(runs: Runs) -> bool:
    return all(member.curve.without_choice is not None for member in runs.values())


def _rank(members: Sequence[Member]) -> tuple[float, float, int]:
    measured = list(_measured(members).values())
    if not measured:
        return math.inf, 0, members[0].number
    accuracy = math.fsum(map(best, measured)) / len(measured)
    return -accuracy, max(member.curve.trainable_parameters or 0 for member in measured), members[0].number
