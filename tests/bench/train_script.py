"""Whether ``train.py`` reaches what its run reached: ``python tests/bench/train_script.py --to FILE``.

Each pair is a run of the command line and its own ``train.py`` with its own split, in a process that cannot import
tlviz.  Pairs are appended to FILE as they are measured, and those that are there are not measured again.  ``--write``
writes the table of FILE into ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.document import read_rows, write_between  # noqa: E402
from tlviz.export.bundle import read_header  # noqa: E402
from tlviz.export.run_images import load_run_images  # noqa: E402
from tlviz.export.split_file import split_file  # noqa: E402
from tlviz.export.train_script import train_script  # noqa: E402
from tlviz.models.catalogue import find_model  # noqa: E402

STRATEGIES = ("head_only", "last_stages", "two_phase", "full")
MODEL, DATA, SIZE, EPOCHS = "squeezenet1_1", "clipart", "96", "4"
SEEDS = (0, 1, 2)
KEY = ("strategy", "seed")


def measure(strategy: str, seed: int) -> dict[str, Any]:
    """Train one pair and return what both reached."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["TLVIZ_HOME"] = home
        command = [sys.executable, "-m", "tlviz", "finetune", "--model", MODEL, "--data", DATA, "--json"]
        command += ["--strategy", strategy, "--epochs", EPOCHS, "--seed", str(seed), "--image-size", SIZE]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        said = json.loads(done.stdout.splitlines()[-1])
        weights = Path(home) / "runs" / said["run"] / "best.safetensors"
        script = repeat(weights, Path(home) / "bundle")
    return {"strategy": strategy, "seed": seed, "run": said["best_val_accuracy"], "script": script}


def repeat(weights: Path, folder: Path) -> float:
    """Run the script of a run where nothing but the installed packages can be imported; return what it reached."""
    header = read_header(weights)
    here = load_run_images(header)
    split = split_file(here)
    folder.mkdir()
    (folder / "train.py").write_text(train_script(header, here), encoding="utf-8")
    (folder / "split.json").write_text(split.content, encoding="utf-8")
    isolated = [sys.executable, "-I"]
    probe = subprocess.run([*isolated, "-c", "import tlviz"], cwd=folder, capture_output=True, check=False)
    if not probe.returncode:
        raise SystemExit("tlviz is installed here, so this would prove nothing.")
    done = subprocess.run(
        [*isolated, "train.py", str(split.root), "--weights", str(find_model(MODEL).weights)],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.rpartition("validation accuracy ")[2].split()[0])


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the pairs as Markdown, a line for each strategy."""
    lines = ["| strategy | seeds | run, mean | `train.py`, mean | difference, points | largest of a seed |"]
    lines.append("|---|---|---|---|---|---|")
    for strategy in STRATEGIES:
        own = [row for row in rows if row["strategy"] == strategy]
        if own:
            run, script = (statistics.mean(row[side] for row in own) for side in ("run", "script"))
            apart = max(abs(row["script"] - row["run"]) for row in own)
            lines.append(
                f"| `{strategy}` | {len(own)} | {run:.3f} | {script:.3f} | {100 * (script - run):+.1f} | "
                f"{100 * apart:.1f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    known = {tuple(row[name] for name in KEY) for row in read_rows(given.to)}
    for seed in SEEDS if not given.write else ():
        for strategy in STRATEGIES:
            if (strategy, seed) not in known:
                row = measure(strategy, seed)
                with given.to.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    words = table(read_rows(given.to))
    write_between("train_script", words) if given.write else print(words)


if __name__ == "__main__":
    main()
