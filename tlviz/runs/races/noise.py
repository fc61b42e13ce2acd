"""What is noise in a race: the runs of a race as treatments in blocks, one block a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tlviz.measures.blocks import BlockNoise, block_noise
from tlviz.measures.paired import Hits, unpack_hits
from tlviz.measures.repeated import mean_accuracy_error, run_variance
from tlviz.runs.paired_runs import SEEDS_FOR_PAIRS
from tlviz.runs.races.race import Member, MemberState

Runs = Mapping[int, Member]
"""The runs of one value of the swept setting that have a validated epoch, by seed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a value is behind the leader on the seeds of both, and whether that is more than noise, None unknown."""

    gap: float
    seeds: int
    is_distinguishable: bool | None


@dataclass(frozen=True, slots=True)
class RaceNoise:
    """The noise of a race's finished runs, None where too few seeds have ended, and the variance between equal runs."""

    blocks: BlockNoise | None
    between_runs: float

    def error(self, runs: Runs) -> float:
        """Return one standard error of a value's mean accuracy: its images and its seeds together."""
        members = list(runs.values())
        known = [hits for member in members if (hits := _hits(member)) is not None]
        images = min(member.curve.validation_images for member in members)
        return mean_accuracy_error([best(member) for member in members], max(1, images), known, self.between_runs)

    def mark(self, leader: Runs, runs: Runs) -> Mark | None:
        """Compare a value with the leader; None without a common seed."""
        seeds = sorted(leader.keys() & runs.keys())
        if not seeds:
            return None
        gap = sum(best(leader[seed]) - best(runs[seed]) for seed in seeds) / len(seeds)
        ended = [seed for seed in seeds if not (leader[seed].is_open or runs[seed].is_open)]
        if self.blocks is None or len(ended) < SEEDS_FOR_PAIRS:
            return Mark(gap, len(ended), None)
        return Mark(gap, len(ended), self.blocks.is_behind(gap, len(ended)))

    def is_won(self, marks: Sequence[Mark | None]) -> bool | None:
        """Return whether the leader is ahead of all others by more than noise, None where that cannot be told."""
        if not marks or self.blocks is None or any(mark is None or mark.is_distinguishable is None for mark in marks):
            return None
        return all(self.blocks.is_won(mark.gap, mark.seeds) for mark in marks if mark is not None)


def race_noise(values: Sequence[Runs]) -> RaceNoise:
    """Return the noise of a race from the runs of each of its values, without those dropped or unfinished."""
    ended = [{seed: m for seed, m in runs.items() if _counts(m)} for runs in values]
    repeats = [[hits for member in runs.values() if (hits := _hits(member)) is not None] for runs in ended]
    ended = [runs for runs in ended if runs]
    seeds = sorted({seed for runs in ended for seed in runs})
    blocks = None
    if len(ended) > 1 and len(seeds) >= SEEDS_FOR_PAIRS:
        scores = np.array([[best(runs[seed]) if seed in runs else np.nan for seed in seeds] for runs in ended])
        named = [[_hits(runs[seed]) if seed in runs else None for seed in seeds] for runs in ended]
        blocks = block_noise(scores, named)
    return RaceNoise(blocks, run_variance(repeats))


def best(member: Member) -> float:
    """Return the validation accuracy of a run's best epoch, 0 before any."""
    return member.curve.best.val_accuracy if member.curve.best else 0.0


def _counts(member: Member) -> bool:
    return not member.is_open and member.state is not MemberState.DROPPED


def _hits(member: Member) -> Hits | None:
    return unpack_hits(member.curve.hits, member.curve.validation_images)
