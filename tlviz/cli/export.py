"""A run's network as a bundle of files, on the command line: written, checked, handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tlviz.api.taking import STOPPED, TOLD, begin_export
from tlviz.api.waiting import last_event
from tlviz.cli.help import WHAT
from tlviz.cli.layout import Column
from tlviz.cli.output import OUTPUT, Json, Readable, print_result, share, table, tell
from tlviz.cli.runs import RUN_HELP
from tlviz.cli.waiting import explain_end, watch_job
from tlviz.export.files.table import parse_formats
from tlviz.export.run_weights import Weights
from tlviz.runs.named import named_run

FAILED = 1
"""The exit status where a file did not pass its check."""
_COLUMNS = (
    Column("format", is_long=True),
    Column("check"),
    Column("agreement", is_right=True),
    Column("difference", is_right=True, rank=1),
    Column("accuracy", is_right=True, rank=2),
    Column("MB", is_right=True),
    Column("ms", is_right=True, rank=3),
    Column("ms for 32", is_right=True, rank=4),
)


def export(
    run: Annotated[
        list[str],
        typer.Argument(
            help=f"{RUN_HELP} Of a race its winner is taken, of several runs the best.",
            metavar="RUN...",
            rich_help_panel=WHAT,
            show_default=False,
        ),
    ],
    to: Annotated[
        Path,
        typer.Option(help="The folder to make; it must be new or empty.", metavar="FOLDER", rich_help_panel=OUTPUT),
    ],
    formats: Annotated[
        str,
        typer.Option(
            help="Comma-separated names of formats; all: those with the run's own answers; every: all there are.",
            metavar="NAMES",
            rich_help_panel=OUTPUT,
        ),
    ] = "safetensors",
    zipped: Annotated[
        bool, typer.Option("--zip", help="Write a ZIP of the folder beside it.", rich_help_panel=OUTPUT)
    ] = False,
    weights: Annotated[
        Weights, typer.Option(help="Those of the best epoch, or of the last.", rich_help_panel=WHAT)
    ] = Weights.BEST,
    check: Annotated[
        bool,
        typer.Option(
            "--check/--no-check",
            help="Let the files name the run's validation pictures, in a process without tlviz, and compare.",
            rich_help_panel=OUTPUT,
        ),
    ] = True,
    as_json: Json = False,
) -> int:
    """Write a run's network into a folder, in formats that need no tlviz, and prove that they give the same answers."""
    parse_formats(formats)  # a mistake is told before runs are looked for
    named = [named_run(name) for name in dict.fromkeys(run)]
    job = begin_export(named, to, formats, weights=weights, zipped=zipped, check=check)
    watch_job(job)
    last = last_event(job)
    if last.get("status") != "finished":
        return explain_end(job, STOPPED)
    result: dict[str, Any] = {name: last.get(name) for name in TOLD}
    for name, reason in result["refused"].items():
        tell(f"{name} was left out: {reason}")
    print_result(result, as_json, *_readable(result))
    return 0 if result["ready"] else FAILED


def _readable(result: dict[str, Any]) -> list[Readable]:
    checks = {name: told for name, told in result["checks"].items() if name in result["files"]}
    rows = [_line(name, told) for name, told in checks.items()]
    said = [f"{name}: {told['reason']}" for name, told in checks.items() if told["reason"]]
    notes = dict.fromkeys(note for told in checks.values() for note in told["notes"])
    places = [result["folder"], *([result["zip"]] if result["zip"] else [])]
    return [table(rows, _COLUMNS), *said, *notes, *places]


def _line(name: str, told: dict[str, Any]) -> dict[str, Any]:
    difference = told["max_logit_difference"]
    return {
        "format": name,
        "check": told["status"],
        "agreement": share(told["top1_agreement"]),
        "difference": None if difference is None else f"{difference:.1e}",
        "accuracy": share(told["accuracy"]),
        "MB": f"{told['size_bytes'] / 1e6:,.{1 if told['size_bytes'] >= 1e5 else 3}f}",
        "ms": _milliseconds(told, "1"),
        "ms for 32": _milliseconds(told, "32"),
    }


def _milliseconds(told: dict[str, Any], batch: str) -> str | None:
    found = told["latency_ms"].get(batch)
    return None if found is None else f"{found:,.1f}"
