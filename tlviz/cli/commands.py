"""The same verbs as the pages, for terminals, batch jobs and tests.

``--json`` prints exactly one JSON object on standard output; progress goes to standard error.  Exit status 0, 2 with
one line for a person's mistake, 1 for anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tlviz.cli.app import start_app
from tlviz.cli.bench import bench
from tlviz.cli.datasets import datasets_app
from tlviz.cli.find_rate import find_rate
from tlviz.cli.finetune import STRATEGIES_EPILOG, finetune, follow
from tlviz.cli.models import models_app
from tlviz.cli.output import Json, print_result, table
from tlviz.cli.predict import predict_pictures
from tlviz.cli.profile import profile
from tlviz.cli.race import follow_race, race
from tlviz.cli.report import report
from tlviz.cli.run_text import gauges_of, phases_of, run_in_words
from tlviz.errors import TlvizError
from tlviz.runs.advice.transfer_gain import compare_with_scratch
from tlviz.runs.overview import Row, overview
from tlviz.runs.store.folder import FINETUNE, RACE, find_run, list_runs
from tlviz.runs.store.launch import resume_run
from tlviz.runs.store.trash import discard
from tlviz.runs.summary import RunSummary, summarise

app = typer.Typer(help="See, measure and try transfer learning on images.", no_args_is_help=True, add_completion=False)
runs_app = typer.Typer(invoke_without_command=True, help="The fine-tuning runs on this machine.")
app.add_typer(models_app, name="models")
app.add_typer(datasets_app, name="datasets")
app.add_typer(runs_app, name="runs")


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    try:
        result = typer.main.get_command(app).main(list(arguments), prog_name="tlviz", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except (typer.TyperException, TlvizError) as error:
        _complain(error)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130


def _complain(error: Exception) -> None:
    """Print an error as one line; Typer formats its own, which has nothing to say where help was printed."""
    message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    if message:
        print(f"tlviz: {' '.join(message.split())}", file=sys.stderr)


@runs_app.callback()
def runs(context: typer.Context, as_json: Json = False) -> None:
    """List the runs, newest first."""
    if context.invoked_subcommand is None:
        rows = [_run_row(row) for row in overview(FINETUNE)]
        hidden = {"folder", "started", "name", "tags"}
        readable = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
        print_result({"runs": rows}, as_json, table(readable) if rows else "There are no runs yet.")


@runs_app.command("show")
def show_run(run: str, as_json: Json = False) -> None:
    """Show one run with its settings, its epochs, what trained at which rate, and what is left of the source."""
    summary = summarise(find_run(run))
    result = _run_row(summary) | {"error": summary.error, "config": summary.settings, "epochs": summary.epochs}
    result["test_accuracy"] = summary.test_accuracy
    transfer = compare_with_scratch(summary, map(summarise, list_runs(FINETUNE)))
    result["transfer"] = asdict(transfer) | {"worth": transfer.worth} if transfer else None
    result |= {name: summary.start_event.get(name, []) for name in ("problems", "excluded")}
    result |= {"switches": summary.start_event.get("switches", [])}
    result |= {"phases": phases_of(summary), "gauges": gauges_of(summary)}
    print_result(result, as_json, run_in_words(summary))


@runs_app.command("stop")
def stop_run(run: str, as_json: Json = False) -> None:
    """Stop a run and keep its best weights."""
    found = find_run(run)
    found.request_stop()
    print_result({"run": found.name, "stop_requested": True}, as_json, f"Asked {found.name} to stop.")


@runs_app.command("resume")
def resume(run: str, as_json: Json = False) -> int:
    """Go on with a run or a race that was stopped, killed or lost, to the same weights as without a break."""
    found = find_run(run)
    resume_run(found)
    return follow_race(found, as_json) if found.config()["kind"] == RACE else follow(found, as_json)


@runs_app.command("delete")
def delete_run(
    run: str,
    forever: Annotated[bool, typer.Option("--forever", help="Remove it from the disk instead.")] = False,
    as_json: Json = False,
) -> None:
    """Move a run that is over into the bin; the Runs page takes it back or empties the bin."""
    found = find_run(run)
    if forever:
        found.delete()
        print_result({"run": found.name, "deleted": True}, as_json, f"Deleted {found.name} for good.")
        return
    place = discard(found).path
    print_result(
        {"run": found.name, "deleted": True, "bin": str(place)}, as_json, f"Deleted {found.name}; it is in {place}."
    )


runs_app.command("report")(report)
app.command("profile")(profile)
app.command("finetune", epilog=STRATEGIES_EPILOG)(finetune)
app.command("find-rate", epilog=STRATEGIES_EPILOG)(find_rate)
app.command("predict")(predict_pictures)
app.command("race", epilog=STRATEGIES_EPILOG)(race)
app.command("bench")(bench)
app.command("app")(start_app)


@app.command("export")
def export(
    run: str,
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    formats: Annotated[str, typer.Option(help="Comma-separated: safetensors, pt.")] = "safetensors",
    as_json: Json = False,
) -> None:
    """Write a run's best weights, each file reloaded and compared with the run."""
    from tlviz.export.formats import export_run, parse_formats  # imports torch

    written = export_run(find_run(run), to.expanduser(), parse_formats(formats))
    print_result(asdict(written), as_json, "\n".join(written.files.values()))


def _run_row(run: RunSummary | Row) -> dict[str, Any]:
    names = ("run", "folder", "status", "model", "data", "strategy", "epochs_run", "best_val_accuracy", "started")
    row = {name: getattr(run, name) for name in names}
    if isinstance(run, Row):
        row |= {"folder": str(run.folder.path), "name": run.notes.name, "tags": run.notes.tags}
    return row
