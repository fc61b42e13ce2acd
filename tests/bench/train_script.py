"""Whether ``train.py`` reaches what its run reached: ``python tests/bench/train_script.py --to FILE``.

A race of the command line trains every strategy with every seed; then the ``train.py`` of each run trains again with
its run's split and seed, in one process that cannot import tlviz.  FILE gets a line for each pair.  ``--write`` writes
the table of FILE into ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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
MODEL, DATA, SIZE, EPOCHS, SEEDS = "squeezenet1_1", "clipart", "64", "3", "0,1,2"
_SAID = "validation accuracy "
_EACH = """\
import runpy, sys
try:
    import tlviz
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("tlviz is installed here, so this would prove nothing.")
images, weights, *folders = sys.argv[1:]
for folder in folders:
    sys.argv = ["train.py", images, "--weights", weights, "--to", f"{folder}/again.safetensors"]
    runpy.run_path(f"{folder}/train.py", run_name="__main__")
"""


def pairs() -> Iterator[dict[str, Any]]:
    """Train the race, then every script, and yield what both sides of each pair reached."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["TLVIZ_HOME"] = home
        command = [sys.executable, "-m", "tlviz", "race", "--model", MODEL, "--data", DATA, "--json", "--seeds", SEEDS]
        command += ["--strategies", ",".join(STRATEGIES), "--epochs", EPOCHS, "--image-size", SIZE]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        said = json.loads(done.stdout.splitlines()[-1])
        runs = [(row["strategy"], Path(home) / "runs" / run) for row in said["strategies"] for run in row["runs"]]
        folders = [Path(home) / "bundles" / str(at) for at in range(len(runs))]
        found = [(strategy, *write(run, folder)) for (strategy, run), folder in zip(runs, folders, strict=True)]
        scripts = run_scripts(found[0][1], folders)
        for (strategy, _, seed, accuracy), script in zip(found, scripts, strict=True):
            yield {"strategy": strategy, "seed": seed, "run": accuracy, "script": script}


def write(run: Path, folder: Path) -> tuple[str, int, float]:
    """Write a run's script and split; return the folder of its pictures, its seed and its best accuracy."""
    header = read_header(run / "best.safetensors")
    here = load_run_images(header)
    split = split_file(here)
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(train_script(header, here), encoding="utf-8")
    (folder / "split.json").write_text(split.content, encoding="utf-8")
    return str(split.root), here.config.seed, float(header.training["val_accuracy"])


def run_scripts(images: str, folders: Sequence[Path]) -> list[float]:
    """Run the scripts where only the installed packages can be imported; return what each reached."""
    command = [sys.executable, "-I", "-c", _EACH, images, str(find_model(MODEL).weights), *map(str, folders)]
    done = subprocess.run(command, cwd=folders[0], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [float(line.partition(_SAID)[2].split()[0]) for line in done.stdout.splitlines() if _SAID in line]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the pairs as Markdown, a line for each strategy."""
    lines = ["| strategy | seeds | run, mean | `train.py`, mean | difference, points | largest of a seed |"]
    lines.append("|---|---|---|---|---|---|")
    for strategy in STRATEGIES:
        own = [row for row in rows if row["strategy"] == strategy]
        if own:
            run, script = (statistics.mean(row[side] for row in own) for side in ("run", "script"))
            apart = max(abs(row["script"] - row["run"]) for row in own)
            difference = round(100 * (script - run), 1) + 0.0  # never -0.0
            lines.append(
                f"| `{strategy}` | {len(own)} | {run:.3f} | {script:.3f} | {difference:+.1f} | {100 * apart:.1f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, or write what was measured into the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if not given.write:
        rows = list(pairs())
        given.to.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = table(read_rows(given.to))
    write_between("train_script", words) if given.write else print(words)


if __name__ == "__main__":
    main()
