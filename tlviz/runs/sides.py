"""Runs beside each other: those that differ in the seed alone are one side, with a letter, a title and a colour."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tlviz.measures.accuracy import standard_error
from tlviz.runs.compare import UNTOLD
from tlviz.runs.overview import RunRow
from tlviz.runs.places import apart, run_place, same_settings
from tlviz.runs.summary import RunSummary
from tlviz.runs.titles import letters, short_titles

SEED = "seed"


@dataclass(frozen=True, slots=True)
class Side:
    """One way of training: its letter, how it is called beside the others, its colour's place, a run for each seed."""

    letter: str
    title: str
    place: int
    runs: tuple[RunSummary, ...]

    @property
    def name(self) -> str:
        """How it is called in charts."""
        return f"{self.letter} {self.title}"

    @property
    def accuracy(self) -> float:
        """Return the mean of the best accuracies of its runs."""
        return sum(run.best_val_accuracy or 0.0 for run in self.runs) / len(self.runs)

    @property
    def by_seed(self) -> dict[int, RunSummary]:
        """Return its runs by seed."""
        return {seed_of(run): run for run in self.runs}


def seed_of(run: RunSummary) -> int:
    """Return the seed of a run, 0 where that cannot be read."""
    seed = run.settings.get(SEED)
    return seed if isinstance(seed, int) else 0


def image_error(run: RunSummary) -> float:
    """Return the standard error of a run's best accuracy by the number of its validation images alone."""
    images = run.start_event.get("validation_images")
    count = images if isinstance(images, int) and images > 0 else 1
    return standard_error(min(1.0, max(0.0, run.best_val_accuracy or 0.0)), count)


def sides(rows: Sequence[RunRow], summaries: Mapping[str, RunSummary]) -> list[Side]:
    """Return the sides of runs in their order; where all differ in the seed alone, each run is a side of its own.

    A second run of the same seed is a repetition, and of another side.
    """
    groups: dict[tuple[str, int], list[RunRow]] = {}
    seen: dict[tuple[str, int], int] = {}
    for row in rows:
        summary = summaries[row.run]
        alike, seed = _key(summary), seed_of(summary)
        nth = seen.get((alike, seed), 0)
        seen[alike, seed] = nth + 1
        groups.setdefault((alike, nth), []).append(row)
    found = list(groups.values()) if len(groups) > 1 else [[row] for row in rows]
    firsts = [min(held, key=lambda row: seed_of(summaries[row.run])) for held in found]
    titles = short_titles(
        [replace(row, seed=None) for row in firsts], [same_settings(summaries[row.run].settings) for row in firsts]
    )
    if len({tuple(sorted(seed_of(summaries[row.run]) for row in held)) for held in found}) > 1:
        titles = [f"{title}{_seed(held)}" for title, held in zip(titles, found, strict=True)]
    places = apart([run_place(summaries[row.run]) for row in firsts])
    return [
        Side(letter, title, place, tuple(sorted((summaries[row.run] for row in held), key=seed_of)))
        for letter, title, place, held in zip(letters(len(found)), titles, places, found, strict=True)
    ]


def _seed(held: Sequence[RunRow]) -> str:
    """Return the seed of a side of one run, where seeds differ: what has several says so beside its title."""
    return f", seed {held[0].seed}" if len(held) == 1 and not held[0].notes.name else ""


def _key(summary: RunSummary) -> str:
    settings = {name: value for name, value in same_settings(summary.settings).items() if name not in UNTOLD | {SEED}}
    return json.dumps(settings, sort_keys=True, default=str)
