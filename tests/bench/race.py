"""How long the race command takes with the course's seven strategies, beside seven tutorial loops.

``python tests/bench/race.py [--epochs 10] [--no-tutorial]``; both sides train every epoch for the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.speed import ROOT, SEVEN, in_a_process, settings_of

MODEL, DATA, SIZE = "squeezenet1_1", "clipart", 128
LIMIT_S, RATIO = 150.0, 1.7
WITHOUT_EARLY_STOPPING = ("--patience", "1000")


def race(epochs: int, *more: str) -> tuple[float, dict[str, Any]]:
    """Run the command in an empty home; return its seconds, the start of Python included, and what it printed."""
    words = ["race", "--model", MODEL, "--data", DATA, "--epochs", str(epochs), "--image-size", str(SIZE), "--json"]
    with tempfile.TemporaryDirectory() as home:
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "tlviz", *words, *more],
            cwd=ROOT,
            env=os.environ | {"TLVIZ_HOME": home},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return time.perf_counter() - begun, json.loads(done.stdout)


def tutorials(epochs: int) -> float:
    """Return the seconds of the seven tutorial loops, training alone, each in a process of its own."""
    return sum(in_a_process("tutorial", settings_of(MODEL, one, DATA, epochs, 0))["seconds"] for one in SEVEN)


def main() -> None:
    """Print seconds and ratio beside their limits as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--no-tutorial", action="store_true", help="Measure the command alone.")
    chosen = parser.parse_args()
    seconds, result = race(chosen.epochs)
    told: dict[str, Any] = {"race_s": round(seconds, 1), "limit_s": LIMIT_S, "strategies": len(result["strategies"])}
    if not chosen.no_tutorial:
        whole, _ = race(chosen.epochs, *WITHOUT_EARLY_STOPPING)
        loops = tutorials(chosen.epochs)
        told |= {"race_of_all_epochs_s": round(whole, 1), "tutorial_s": round(loops, 1)}
        told |= {"ratio": round(loops / whole, 2), "least_ratio": RATIO}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
