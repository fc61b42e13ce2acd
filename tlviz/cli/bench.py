"""The benchmark on the command line: fine-tuning beside the loop that PyTorch's tutorial teaches."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated

import typer

from tlviz.cli.output import Json, print_result, table
from tlviz.errors import TlvizError
from tlviz.home import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "tests" / "bench" / "speed.py"
SHOWN = (
    *("name", "ours_s", "baseline_s", "ratio", "target", "over_floor", "ours_accuracy", "baseline_accuracy"),
    *("ours_memory_mb", "baseline_memory_mb", "memory_fits"),
)


def bench(
    case: Annotated[str | None, typer.Option(help="One case, or how its name begins, such as head_only.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Medians of so many.")] = 3,
    as_json: Json = False,
) -> None:
    """Measure how much faster than the tutorial's loop fine-tuning is; all cases take over an hour on two cores."""
    if not SCRIPT.exists():
        raise TlvizError(f"The benchmark is not at {SCRIPT}; run it from a copy of the whole project.")
    arguments = [sys.executable, str(SCRIPT), "--rounds", str(rounds), *(["--case", case] if case else [])]
    done = subprocess.run(arguments, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise TlvizError("The benchmark ended early; its own words are above.")
    result = json.loads(done.stdout.splitlines()[-1])
    print_result(result, as_json, table([{name: row[name] for name in SHOWN} for row in result["cases"]]))
