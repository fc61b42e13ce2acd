"""Best validation accuracy of the strategies on the bundled targets: ``python tests/bench/accuracy.py``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = (
    ("head_only", 5, ("photos", "clipart", "digits"), range(5)),
    ("full", 8, ("digits",), range(3)),
    ("from_scratch", 8, ("clipart",), range(3)),
    ("last_stages", 8, ("clipart",), range(3)),
)


def best_accuracy(home: str, data: str, strategy: str, epochs: int, seed: int) -> tuple[float, float]:
    """Return the best validation accuracy and the seconds of one run of the command line."""
    command = [sys.executable, "-m", "tlviz", "finetune", "--model", "squeezenet1_1", "--data", data, "--json"]
    command += ["--strategy", strategy, "--epochs", str(epochs), "--seed", str(seed), "--image-size", "128"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env={"TLVIZ_HOME": home, "PATH": ""}
    )
    result = json.loads(done.stdout)
    return result["best_val_accuracy"], result["duration_s"]


def main() -> None:
    """Run every case and print a table in Markdown."""
    print("| strategy | epochs | target | seeds | accuracy | spread | seconds a run |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        for strategy, epochs, targets, seeds in CASES:
            for data in targets:
                runs = [best_accuracy(home, data, strategy, epochs, seed) for seed in seeds]
                scores, times = zip(*runs, strict=True)
                print(
                    f"| `{strategy}` | {epochs} | {data} | {len(seeds)} | {statistics.mean(scores):.3f} | "
                    f"{statistics.stdev(scores):.3f} | {statistics.median(times):.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
