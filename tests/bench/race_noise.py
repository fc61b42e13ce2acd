"""How often a race calls equal strategies better or worse, and how often it finds a true lead.

``python -m tests.bench.race_noise`` simulates races and lets ``standings`` and ``verdict`` judge them; ``--races``
sets how many of each kind (some minutes for 1000).  Images are hard or easy for all strategies alike, each run
is lucky or unlucky as a whole, the epochs of a run differ by chance, and the best of eight is reported.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tlviz.measures.best_of import accuracy_without_choice
from tlviz.measures.paired import pack_hits
from tlviz.runs.curves import Curve, Point
from tlviz.runs.races.race import Member, MemberState, Race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.races.verdict import verdict
from tlviz.runs.store.heartbeat import Status

EPOCHS = 8
EASE, DIFFICULTY, LUCK = 6.2, 9.0, 0.25
"""In log odds: the mean ease of an image, how far images differ, and how far runs do (about a point of accuracy)."""
CASES = (
    (2, 3, 73),
    (2, 3, 300),
    (2, 10, 35),
    (3, 3, 35),
    (5, 5, 73),
    (7, 3, 35),
    (7, 3, 73),
    (7, 3, 300),
    (9, 10, 300),
)
"""Strategies, seeds and validation images."""
FEW = ((7, 1, 73), (7, 1, 300), (2, 1, 300), (2, 2, 300), (9, 2, 73))


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of one race: who is first, whether it wins, how many are marked, and the ± of each."""

    first: str
    wins: bool
    behind: int
    standings: tuple[Standing, ...]
    truth: tuple[float, ...]


def shift_for(lead: float) -> float:
    """Return the log odds that lift the accuracy by ``lead``."""
    generator = np.random.default_rng(1)
    odds = generator.normal(EASE, np.hypot(DIFFICULTY, LUCK), 200_000)
    low, high = 0.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if (_chance(odds + middle) - _chance(odds)).mean() < lead else (low, middle)
    return low


def judged_races(
    strategies: int,
    seeds: int,
    images: int,
    *,
    races: int,
    lead: float = 0.0,
    seed: int = 0,
    taste: float = 0.0,
    tells_choice: bool = False,
) -> Iterator[Judged]:
    """Simulate races whose first strategy leads by ``lead``, and judge each; ``taste``: strategies suit other images.

    What is told without the choice of an epoch takes a while, so it is of the first alone, where ``tells_choice``.
    """
    generator = np.random.default_rng([seed, strategies, seeds, images])
    lift = np.zeros((strategies, 1, 1))
    lift[0] = shift_for(lead) if lead else 0.0
    truth = _chance(generator.normal(EASE, np.hypot(DIFFICULTY, LUCK), (1, 200_000)) + lift[:, :, 0]).mean(1)
    for _ in range(races):
        odds = generator.normal(EASE, DIFFICULTY, images) + generator.normal(0, LUCK, (strategies, seeds, 1)) + lift
        odds = odds + (generator.normal(0, taste, (strategies, 1, images)) if taste else 0.0)
        hits = generator.random((EPOCHS, strategies, seeds, images)) < _chance(odds)
        race = _race(hits, tells_choice)
        ranked = standings(race)
        told = verdict(race, ranked)
        behind = sum(standing.is_distinguishable is True for standing in ranked)
        yield Judged(ranked[0].words, " wins " in told, behind, tuple(ranked), tuple(truth))


def coverage(strategies: int, seeds: int, images: int, *, races: int) -> float:
    """Return how often the true accuracy of a strategy, the first, is within one error of what is told of it."""
    inside = [
        abs(standing.without_choice - judged.truth[int(standing.words)]) <= standing.error
        for judged in judged_races(strategies, seeds, images, races=races, seed=7, tells_choice=True)
        for standing in judged.standings
        if standing.without_choice is not None and standing.error is not None
    ]
    return float(np.mean(inside))


def _chance(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))


def _race(hits: np.ndarray, tells_choice: bool) -> Race:
    _, strategies, seeds, _ = hits.shape
    members = [
        _member(seed * strategies + strategy, strategy, seed, hits[:, strategy, seed], tells_choice and not strategy)
        for seed in range(seeds)
        for strategy in range(strategies)
    ]
    return Race("r", Status.FINISHED, "m", "d", "strategy", tuple(members), False, None, 0.0, 1.0, (), None)


def _member(number: int, strategy: int, seed: int, hits: np.ndarray, tells_choice: bool) -> Member:
    accuracies = hits.mean(1)
    best = int(accuracies.argmax())
    point = Point(best + 1, 1.0, 1, float(accuracies[best]), 1.0, None, None)
    curve = Curve(
        points=(point,),
        best=point,
        hits=pack_hits(hits[best]),
        validation_images=hits.shape[1],
        without_choice=accuracy_without_choice(list(hits)) if tells_choice else None,
    )
    return Member(number, str(strategy), str(strategy), seed, {}, None, MemberState.FINISHED, curve)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=400)
    races = parser.parse_args().races
    print("| strategies | seeds | images | false winner | false mark | ± covers |\n|---|---|---|---|---|---|")
    for case in (*CASES, *FEW):
        found = list(judged_races(*case, races=races))
        winner, mark = np.mean([one.wins for one in found]), np.mean([one.behind > 0 for one in found])
        covered = coverage(*case, races=max(40, races // 4))
        print(f"| {' | '.join(map(str, case))} | {winner:.1%} | {mark:.1%} | {covered:.0%} |", flush=True)
    print("\n| strategies | seeds | images | true lead | found |\n|---|---|---|---|---|")
    for case, lead in [((7, 3, 73), 0.05), ((7, 3, 73), 0.10), ((2, 3, 300), 0.05), ((7, 5, 300), 0.02)]:
        found = list(judged_races(*case, races=races, lead=lead))
        power = np.mean([one.wins and one.first == "0" for one in found])
        print(f"| {' | '.join(map(str, case))} | {100 * lead:.0f} points | {power:.0%} |", flush=True)


if __name__ == "__main__":
    _main()
