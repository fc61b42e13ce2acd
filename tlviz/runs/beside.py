"""Which side is ahead of the others, by how much, and whether that is more than noise: the verdict of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tlviz.data.images import dataset_title
from tlviz.runs.curves import CurveReader
from tlviz.runs.paired_runs import SEEDS_FOR_PAIRS, Gap, Scored, compare_pairs, scored
from tlviz.runs.races.race import RACE_KEY, Member, read_race, state_of
from tlviz.runs.races.standings import Standing, rank_members, standings
from tlviz.runs.races.verdict import rank_verdict
from tlviz.runs.sides import Side, seed_of
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.kinds import RACE
from tlviz.runs.summary import RunSummary

POINTS = 100


def side_standings(sides: Sequence[Side], reader: CurveReader | None = None) -> list[Standing]:
    """Rank sides by mean accuracy, each called by its name; where they are a race's best, as that race ranks them."""
    reader = reader or CurveReader()
    return _of_race(sides, reader) or rank_members(_members(sides, reader))


def beside_words(sides: Sequence[Side], ranked: Sequence[Standing], strong: Callable[[str], str] = str) -> str:
    """State which side is ahead and whether that is more than noise; ``strong`` marks the words that matter."""
    targets = list(dict.fromkeys(run.data for side in sides for run in side.runs))
    if len(targets) > 1:
        named = " and ".join(map(dataset_title, targets))
        return f"These runs have different targets, {named}: whose accuracy is higher does not say which trains better."
    known = [standing for standing in ranked if standing.accuracy is not None]
    by_name = {side.name: side for side in sides}
    if len(known) < 2 or min(standing.seeds for standing in known[:2]) >= SEEDS_FOR_PAIRS:
        return rank_verdict(ranked, strong)
    first, second = (by_name[standing.words] for standing in known[:2])
    return _few_words(first, second, strong)


def paired_sides(first: Side, second: Side) -> Gap | None:
    """Compare two sides seed by seed, each with its own split of the images; None without a common seed."""
    pairs: list[tuple[Scored, Scored]] = []
    for seed in sorted(first.by_seed.keys() & second.by_seed.keys()):
        one, other = scored(first.by_seed[seed]), scored(second.by_seed[seed])
        if one is not None and other is not None:
            pairs.append((one, other))
    return compare_pairs(pairs) if pairs else None


def paired_runs(first: RunSummary, second: RunSummary) -> Gap | None:
    """Compare two runs: image by image where one seed split both alike, else by the noise of either's images."""
    one, other = scored(first), scored(second)
    if one is None or other is None:
        return None
    if seed_of(first) != seed_of(second):
        one, other = replace(one, hits=""), replace(other, hits="")
    return compare_pairs([(one, other)])


def _few_words(first: Side, second: Side, strong: Callable[[str], str]) -> str:
    """Say what too few seeds can show: whether the images are enough, and that luck is not known."""
    found = paired_sides(first, second)
    seeds = len(first.by_seed.keys() & second.by_seed.keys())
    runs = "one run of each" if seeds <= 1 else f"{seeds} runs of each"
    luck = f"{runs} cannot show luck; train each with {SEEDS_FOR_PAIRS} seeds"
    if found is None:
        return (
            f"{strong(first.name)} is ahead with {strong(f'{first.accuracy:.1%}')}, but no seed is common to it and "
            f"{second.name}: a seed decides which images validate, so train both with the same {SEEDS_FOR_PAIRS}."
        )
    if found.gap == 0:
        return f"{strong(first.name)} and {second.name} reached the same, {strong(f'{first.accuracy:.1%}')}; {luck}."
    ahead, behind = (first, second) if found.gap > 0 else (second, first)
    by = strong(f"{abs(found.gap) * POINTS:.1f} points")
    noise = "more than" if found.is_distinguishable else "within"
    return (
        f"{strong(ahead.name)} is {by} above {behind.name} on the same images, {noise} the noise of these "
        f"(± {found.error * POINTS:.1f}); {luck}."
    )


def _of_race(sides: Sequence[Side], reader: CurveReader) -> list[Standing]:
    """Return the sides' standings in the one race they are of; [] where they are of none, or lack its leader."""
    races = [run.settings.get(RACE_KEY) for side in sides for run in side.runs]
    name = races[0] if races and races.count(races[0]) == len(races) else None
    if not isinstance(name, str) or name != Path(name).name:
        return []
    folder = RunFolder(Path(sides[0].runs[0].folder).parent / name)
    if folder.config()["kind"] != RACE:
        return []
    ranked = standings(read_race(folder, reader))
    names = {run.run: side.name for side in sides for run in side.runs}
    counts = {side.name: len(side.runs) for side in sides}
    found = [
        replace(standing, words=names[standing.runs[0]])
        for standing in ranked
        if standing.runs and standing.runs[0] in names and standing.seeds == counts[names[standing.runs[0]]]
    ]
    return found if len(found) == len(sides) and found[0].runs == ranked[0].runs else []


def _members(sides: Sequence[Side], reader: CurveReader) -> list[Member]:
    members: list[Member] = []
    for side in sides:
        for run in side.runs:
            folder = RunFolder(Path(run.folder))
            status, curve = reader.read(folder)
            state = state_of(folder, status)
            members.append(
                Member(len(members), side.name, side.name, seed_of(run), run.settings, run.run, state, curve)
            )
    return members
