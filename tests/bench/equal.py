"""Whether runs are as accurate as the tutorial's loop, over split seeds: ``python tests/bench/equal.py --to FILE``.

Each pair is the same network, split, head, batches, rates and epochs, trained by both; what is compared is the best
validation accuracy.  Pairs are appended to FILE as they are measured, and those that are there are not measured again:
the command can be ended at any time, run in parts, and run with more seeds.  ``--write`` writes the table of FILE into
``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.document import read_rows, write_between  # noqa: E402
from tests.bench.speed import MODELS, SEVEN, folder_of, in_a_process, settings_of  # noqa: E402

CACHED = ("head_only", "last_stages")
SEEDS = {strategy: 10 if strategy in CACHED else 3 for strategy in SEVEN}
"""Runs whose frozen stages are cached are short, so they are compared more often."""
LABELS = {"digits": 40}
"""Labels a class that train: with all 1,437 digits every loop is near 100%, and nothing can be told apart."""
EPOCHS = 10
KEY = ("model", "data", "strategy", "seed", "labels_per_class")


def pairs(
    models: Sequence[str], targets: Sequence[str], strategies: Sequence[str], seeds: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield what is to be compared, seed by seed, so that an early end has a little of everything."""
    counts = {strategy: seeds or SEEDS[strategy] for strategy in strategies}
    for seed in range(max(counts.values())):
        for data in targets:
            for model in models:
                for strategy in strategies:
                    if seed < counts[strategy]:
                        values = (model, data, strategy, seed, LABELS.get(data))
                        yield dict(zip(KEY, values, strict=True))


def measure(pair: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Train one pair, each in a process of its own."""
    values = [pair[name] for name in ("model", "strategy")]
    settings = settings_of(*values, folder, EPOCHS, pair["seed"], pair["labels_per_class"])
    ours, tutorial = (in_a_process(kind, settings) for kind in ("ours", "tutorial"))
    return dict(pair) | {
        "ours": ours["accuracy"],
        "tutorial": tutorial["accuracy"],
        "ours_mb": ours["peak_memory_mb"],
        "tutorial_mb": tutorial["peak_memory_mb"],
        "cache_mb": settings["cache_mb"],
    }


def compare(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the mean paired difference of accuracy, its standard error, and whether that counts as equal.

    Equal is: not lower by more than one standard error.  With one pair there is none, and nothing is said.
    """
    differences = [row["ours"] - row["tutorial"] for row in rows]
    mean = statistics.mean(differences)
    error = statistics.stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else math.nan
    return {
        "seeds": len(rows),
        "ours": statistics.mean(row["ours"] for row in rows),
        "tutorial": statistics.mean(row["tutorial"] for row in rows),
        "difference": mean,
        "error": error,
        "is_equal": None if math.isnan(error) else mean >= -error - 1e-9,
        "memory_fits": all(row["ours_mb"] <= row["tutorial_mb"] + row["cache_mb"] for row in rows),
        "memory_mb": max(row["ours_mb"] for row in rows),
        "tutorial_mb": max(row["tutorial_mb"] for row in rows),
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the comparison of every network, target and strategy as Markdown."""
    lines = ["| network | target | strategy | seeds | accuracy | tutorial's | paired difference ± standard error | |"]
    lines.append("|---" * 8 + "|")
    cases = dict.fromkeys((row["model"], row["data"], row["strategy"]) for row in rows)
    for case in sorted(cases, key=lambda case: (case[0], case[1], SEVEN.index(case[2]))):
        model, data, strategy = case
        found = compare([row for row in rows if (row["model"], row["data"], row["strategy"]) == case])
        words = {True: "equal", False: "**lower**", None: ""}[found["is_equal"]]
        lines.append(
            f"| {model} | {data} | `{strategy}` | {found['seeds']} | {found['ours']:.3f} | {found['tutorial']:.3f} | "
            f"{found['difference']:+.3f} ± {found['error']:.3f} | {words} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure the pairs that are missing, and print the table of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True, help="A file of JSON lines; what it holds is not repeated.")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--data", default="clipart,digits")
    parser.add_argument("--strategies", default=",".join(SEVEN))
    parser.add_argument("--seeds", type=int, help=f"So many of each; by default {SEEDS}.")
    parser.add_argument("--write", action="store_true", help="Measure nothing; write the table of docs/benchmarks.md.")
    chosen = parser.parse_args()
    if chosen.write:
        write_between("equal", table(read_rows(chosen.to)))
        return
    known = {tuple(row[name] for name in KEY) for row in read_rows(chosen.to)}
    with tempfile.TemporaryDirectory() as room:
        folders = {data: folder_of(data, Path(room)) for data in chosen.data.split(",")}
        wanted = pairs(chosen.models.split(","), list(folders), chosen.strategies.split(","), chosen.seeds)
        for pair in wanted:
            if tuple(pair.values()) in known:
                continue
            row = measure(pair, folders[pair["data"]])
            print(f"{row['model']} {row['data']} {row['strategy']} seed {row['seed']}: ", end="", file=sys.stderr)
            print(f"{row['ours']:.3f}, tutorial {row['tutorial']:.3f}", file=sys.stderr, flush=True)
            with chosen.to.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    print(table(read_rows(chosen.to)))


if __name__ == "__main__":
    main()
