"""How good the advice is beside simple rules: ``python tests/bench/advice.py --sweep FILE --profiles FOLDER``.

The file comes from ``tests/bench/sweep.py``.  For every network, target and seed the profile is made of the training
and validation images alone; what it advises is judged on the test images, against the depth that did best on the
other seeds.  A depth's rate is the one that did best on the other seeds, too.

How many stages the advice keeps frozen at most was chosen on such a table.  What that flatters is seen in the row in
which the limit is chosen anew for every target, on the other targets alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from tests.bench.sweep import MODELS, RATES, SEEDS, Trial, parts_of, read_results, settings  # noqa: E402
from tests.bench.targets import TARGETS, write_target  # noqa: E402
from tlviz.data.images import leave_out, load_images  # noqa: E402
from tlviz.diagnose import advice as rule_of_advice  # noqa: E402
from tlviz.diagnose.advice import advise  # noqa: E402
from tlviz.diagnose.profile import profile  # noqa: E402
from tlviz.diagnose.records import Advice, Profile  # noqa: E402
from tlviz.diagnose.request import make_request  # noqa: E402
from tlviz.measures.accuracy import standard_error  # noqa: E402
from tlviz.models.catalogue import find_model  # noqa: E402
from tlviz.models.load import architecture_stages, load_network  # noqa: E402

LIMITS = (0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
"""Shares of the stages of which one is the most that the advice keeps frozen on other images."""
HELD_OUT = "the advice, its limit chosen on the other targets"
Regret = tuple[float, bool]
"""A regret, and whether it lies within one standard error."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One network on one target: accuracies (depth, rate, seed), those of ``two_phase`` (rate, seed), test images."""

    test: NDArray[np.float64]
    val: NDArray[np.float64]
    two_phase: NDArray[np.float64]
    test_images: int

    def others(self, seed: int) -> list[int]:
        """Return the other seeds' positions."""
        return [at for at in range(self.test.shape[2]) if at != seed]

    def reached(self, depth: int, seed: int) -> float:
        """Return a depth's test accuracy at the rate that did best on the other seeds."""
        return float(self.test[depth, self.test[depth][:, self.others(seed)].mean(1).argmax(), seed])

    def two_phases(self, seed: int) -> float:
        """Return the test accuracy of ``two_phase``, at the rate that did best on the other seeds."""
        return float(self.two_phase[self.two_phase[:, self.others(seed)].mean(1).argmax(), seed])

    def best_depth(self, seed: int) -> int:
        """Return the depth that did best on the other seeds."""
        return int(self.test[:, :, self.others(seed)].mean(2).max(1).argmax())

    def raced(self, seed: int) -> float:
        """Return the test accuracy of what this seed's own validation images prefer."""
        depth, rate = np.unravel_index(self.val[:, :, seed].argmax(), self.val.shape[:2])
        return float(self.test[depth, rate, seed])


def collect(results: dict[str, dict[str, Any]], model: str, target: str) -> Sweep | None:
    """Gather one network's sweep of a target, None where it is not complete."""
    stages = len(architecture_stages(find_model(model), 2))

    def numbers(strategy: str, freeze: int | None, name: str) -> list[list[float]]:
        return [
            [results[Trial(model, target, seed, strategy, freeze, rate).key][name] for seed in SEEDS] for rate in RATES
        ]

    try:
        test = np.array([numbers("last_stages", freeze, "test") for freeze in range(stages)])
        val = np.array([numbers("last_stages", freeze, "val") for freeze in range(stages)])
        two_phase = np.array(numbers("two_phase", None, "test"))
    except KeyError:
        return None
    some = results[Trial(model, target, SEEDS[0], "two_phase", None, RATES[0]).key]
    return Sweep(test, val, two_phase, some["test_images"])


def profiled(model: str, target: str, seed: int, folder: Path, kept: Path, size: int) -> Profile:
    """Profile a network on the images that a run of the sweep may train and validate with, once for all calls."""
    path = kept / f"{model}-{target}-{seed}-{size}.json"
    if path.exists():
        return Profile.from_json(json.loads(path.read_text()))
    data = str(write_target(TARGETS[target], folder))
    config = settings(Trial(model, target, seed, "last_stages", 0, RATES[0]), data, size, 1)
    images = load_images(data, config.geometry)
    split = parts_of(images, config)
    seen = {images.names[at] for at in (*split.train, *split.validation)}
    shown = leave_out(images, [name for name in images.names if name not in seen])
    network = load_network(find_model(model), size=size)
    found = profile(network, shown, make_request(model, data, image_size=size, seed=seed), identity=model)
    path.write_text(json.dumps(found.to_json()))
    return found


def advised(found: Profile) -> Advice:
    """Return what the rule of today advises by a profile's numbers."""
    return advise(found.stages, chance=found.chance, trial=found.rate_trial, has_batchnorm=found.has_batchnorm)


def advised_with(found: Profile, limit: float) -> Advice:
    """Return what the rule would advise if that were the most it keeps frozen on other images."""
    with patch.multiple(rule_of_advice, FROZEN_FAR=limit, FROZEN_FAR_BATCHNORM=limit):
        return advised(found)


def followed(sweep: Sweep, advice: Advice, seed: int) -> Regret:
    """Return the regret of following an advice on one seed."""
    best = sweep.reached(sweep.best_depth(seed), seed)
    is_two_phase = advice.strategy == "two_phase"
    found = sweep.two_phases(seed) if is_two_phase else sweep.reached(min(advice.freeze, len(sweep.test) - 1), seed)
    return best - found, best - found <= standard_error(best, sweep.test_images)


def held_out(regrets_at: Mapping[str, Mapping[float, Sequence[Regret]]]) -> dict[str, Sequence[Regret]]:
    """Return each target's regrets at the limit with the least mean regret on the other targets, the first of equals.

    ``regrets_at`` are one network's, by target and limit; with a single target there is nothing to choose from.
    """
    chosen = {}
    for target, at in regrets_at.items():
        others = [rows for name, rows in regrets_at.items() if name != target]
        if others:
            means = {limit: statistics.mean(row[0] for rows in others for row in rows[limit]) for limit in at}
            chosen[target] = at[min(means, key=means.__getitem__)]
    return chosen


def regrets(sweep: Sweep, advice: list[Advice]) -> Iterator[tuple[str, float, bool]]:
    """Yield each rule's name, its regret on each seed, and whether that lies within one standard error."""
    deepest = len(sweep.test) - 1
    for seed in range(len(SEEDS)):
        best = sweep.reached(sweep.best_depth(seed), seed)
        error = standard_error(best, sweep.test_images)
        rules = {
            "the advice": best - followed(sweep, advice[seed], seed)[0],
            "always `head_only`": sweep.reached(deepest, seed),
            "always the middle": sweep.reached(deepest // 2, seed),
            "always `full`": sweep.reached(0, seed),
            "always `two_phase`": sweep.two_phases(seed),
            "a race of all, by validation": sweep.raced(seed),
        }
        for rule, accuracy in rules.items():
            yield rule, best - accuracy, best - accuracy <= error


def main() -> None:
    """Print the regret of every rule, and every target's best depth beside the advised one, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweep", type=Path, required=True)
    parser.add_argument("--profiles", type=Path, required=True, help="A folder where profiles are kept.")
    parser.add_argument("--image-size", type=int, default=80)
    chosen = parser.parse_args()
    results, told, rows = read_results(chosen.sweep), [], []
    anew: list[tuple[str, str, str, float, bool]] = []
    chosen.profiles.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for model in MODELS:
            at_limits: dict[str, dict[float, list[Regret]]] = {}
            for target in TARGETS:
                sweep = collect(results, model, target)
                if sweep is None:
                    print(f"{model} on {target} is not complete", file=sys.stderr)
                    continue
                found = [
                    profiled(model, target, seed, Path(folder), chosen.profiles, chosen.image_size) for seed in SEEDS
                ]
                advice = [advised(one) for one in found]
                at_limits[target] = {
                    limit: [followed(sweep, advised_with(one, limit), at) for at, one in enumerate(found)]
                    for limit in LIMITS
                }
                told += [(model, target, *told_one) for told_one in regrets(sweep, advice)]
                best = [sweep.best_depth(seed) for seed in range(len(SEEDS))]
                curve = sweep.test.mean(2).max(1)
                rows.append((model, target, best, [one.freeze for one in advice], advice[0].confidence, curve))
                print(json.dumps({"model": model, "target": target, "best": best}), file=sys.stderr, flush=True)
            anew += [
                (model, target, HELD_OUT, *row) for target, rows_of in held_out(at_limits).items() for row in rows_of
            ]
    told += anew
    print("| rule | mean regret, points | 90th percentile | within one standard error |\n|---|---|---|---|")
    for rule in dict.fromkeys(row[2] for row in told):
        values = [row[3] * 100 for row in told if row[2] == rule]
        within = statistics.mean(row[4] for row in told if row[2] == rule)
        print(f"| {rule} | {statistics.mean(values):.1f} | {np.quantile(values, 0.9):.1f} | {within:.0%} |")
    print("\n| network | target | best depth, by seed | advised, by seed | confidence | accuracy at 0, half, all |")
    print("|---|---|---|---|---|---|")
    for model, target, best, told_depths, confidence, curve in rows:
        ends = f"{curve[0]:.3f}, {curve[len(curve) // 2]:.3f}, {curve[-1]:.3f}"
        print(f"| {model} | {target} | {best} | {told_depths} | {confidence} | {ends} |")


if __name__ == "__main__":
    main()
