"""The benchmark on the command line: fine-tuning beside the loop that PyTorch's tutorial teaches."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Any

import typer

from tlviz.cli.layout import Column
from tlviz.cli.output import Json, print_result, share, table
from tlviz.errors import TlvizError
from tlviz.home import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "tests" / "bench" / "speed.py"
_COLUMNS = (
    Column("name", "case", is_long=True, enough=24),
    Column("ours_s", "ours", is_right=True),
    Column("baseline_s", "tutorial", is_right=True),
    Column("ratio", "times faster", is_right=True),
    Column("target", rank=1, is_right=True),
    Column("over_floor", "times the floor", rank=3, is_right=True),
    Column("ours_accuracy", "accuracy", rank=2, is_right=True),
    Column("baseline_accuracy", "tutorial's", rank=2, is_right=True),
    Column("ours_memory_mb", "memory", rank=4, is_right=True),
    Column("baseline_memory_mb", "tutorial's", rank=4, is_right=True),
    Column("memory_fits", "memory fits", rank=5),
)


def bench(
    case: Annotated[
        str | None, typer.Option(help="One case, or the beginning of its name, such as head_only.", metavar="NAME")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Report medians over N rounds.", metavar="N")] = 3,
    as_json: Json = False,
) -> None:
    """Measure how much faster than the tutorial's loop fine-tuning is; all cases take over an hour on two cores."""
    if not SCRIPT.exists():
        raise TlvizError(f"The benchmark is not at {SCRIPT}; run it from a copy of the whole project.")
    arguments = [sys.executable, str(SCRIPT), "--rounds", str(rounds), *(["--case", case] if case else [])]
    done = subprocess.run(arguments, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise TlvizError("The benchmark ended early; its own message is above.")
    result = json.loads(done.stdout.splitlines()[-1])
    print_result(result, as_json, table(list(map(_line, result["cases"])), _COLUMNS))


def _line(case: dict[str, Any]) -> dict[str, Any]:
    """Return what a person reads of a case."""
    seconds = {name: f"{case[name]:.1f} s" for name in ("ours_s", "baseline_s")}
    factors = {name: f"{case[name]:.2f}" for name in ("ratio", "target", "over_floor")}
    accuracies = {name: share(case[name]) for name in ("ours_accuracy", "baseline_accuracy")}
    memory = {name: f"{case[name]:,.0f} MB" for name in ("ours_memory_mb", "baseline_memory_mb")}
    return {name: case[name] for name in ("name", "memory_fits")} | seconds | factors | accuracies | memory
