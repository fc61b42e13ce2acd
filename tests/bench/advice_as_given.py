"""The advice as a person gets it, run as given, against fixed rules: ``python -m tests.bench.advice_as_given``.

Every run is noted in a file at once, so that a stopped measurement goes on where it was.  For each target, network and
seed it runs the advised strategy, depth and rates, and four rules at the course's rates, and judges the best epoch on a
test part that no choice sees.  ``Best rule of the others`` is, for each target, the rule that did best on all other
targets: what somebody would use who knew these but not this one.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import tlviz

RULES: dict[str, dict[str, Any]] = {
    "head_only": {"strategy": "head_only"},
    "middle depth": {"strategy": "last_stages"},
    "full": {"strategy": "full"},
    "two_phase": {"strategy": "two_phase"},
}
ADVICE, BEST_OF_OTHERS = "advice as given", "best rule of the others"
COURSE = {"head_lr": 1e-3, "backbone_lr": 1e-4}
Key = tuple[str, str, int, str]


def known(path: Path) -> dict[Key, float]:
    """Return what was measured before: the test accuracy of each run."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    return {(row["target"], row["model"], row["seed"], row["rule"]): row["accuracy"] for row in rows}


def measure(path: Path, targets: list[str], models: list[str], seeds: int, epochs: int, size: int) -> None:
    """Run what is not known yet."""
    done = known(path)
    for target in targets:
        for model in models:
            profile = None
            for seed in range(seeds):
                for rule in (*RULES, ADVICE):
                    if (target, model, seed, rule) in done:
                        continue
                    if profile is None:
                        profile = tlviz.profile(model, target, progress=False)
                    middle = {"freeze": len(profile.stages) // 2} if rule == "middle depth" else {}
                    chosen = dict(profile.settings) if rule == ADVICE else RULES[rule] | middle | COURSE
                    run = tlviz.finetune(
                        model, target, **chosen, epochs=epochs, patience=epochs, image_size=size, seed=seed,
                        test_share=0.2, gauges=False, progress=False,
                    )  # fmt: skip
                    row = {"target": target, "model": model, "seed": seed, "rule": rule, "accuracy": run.test_accuracy}
                    with path.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row | {"settings": chosen}) + "\n")
                    print(row, flush=True)


def table(found: dict[Key, float]) -> list[str]:
    """Return mean accuracy and regret (to the best of all five, in points) of each rule, with errors over targets."""
    cases: dict[tuple[str, str, int], dict[str, float]] = {}
    for (target, model, seed, rule), accuracy in found.items():
        cases.setdefault((target, model, seed), {})[rule] = accuracy
    whole = {case: rules for case, rules in cases.items() if len(rules) == len(RULES) + 1}
    targets = sorted({target for target, _, _ in whole})
    for (target, _, _), rules in whole.items():
        others = [row for (other, _, _), row in whole.items() if other != target]
        if others:
            best = max(RULES, key=lambda rule: statistics.fmean(row[rule] for row in others))
            rules[BEST_OF_OTHERS] = rules[best]
    lines = [f"{len(whole)} cases, {len(targets)} targets", "", "| rule | accuracy | regret, points | ± over targets |"]
    lines.append("|---|---|---|---|")
    for rule in (ADVICE, *RULES, BEST_OF_OTHERS):
        having = {case: rules for case, rules in whole.items() if rule in rules}
        if not having:
            continue
        regrets = {
            target: statistics.fmean(
                max(rules[one] for one in (*RULES, ADVICE)) - rules[rule]
                for (of, _, _), rules in having.items()
                if of == target
            )
            for target in targets
        }
        mean = 100 * statistics.fmean(regrets.values())
        error = 100 * statistics.stdev(regrets.values()) / len(regrets) ** 0.5 if len(regrets) > 1 else float("nan")
        accuracy = statistics.fmean(rules[rule] for rules in having.values())
        lines.append(f"| {rule} | {accuracy:.1%} | {mean:.1f} | {error:.1f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default="photos,clipart,digits", help="names or folders, comma-separated")
    parser.add_argument("--models", default="squeezenet1_1,tf_efficientnet_lite0")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--to", type=Path, default=Path("advice_as_given.jsonl"))
    asked = parser.parse_args()
    measure(asked.to, asked.targets.split(","), asked.models.split(","), asked.seeds, asked.epochs, asked.image_size)
    print("\n".join(table(known(asked.to))))


if __name__ == "__main__":
    main()
