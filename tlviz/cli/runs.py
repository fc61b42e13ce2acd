"""The runs on the command line: list, show, stop, resume, delete, report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tlviz.api.snippets import finetune_code
from tlviz.cli.finetune import follow
from tlviz.cli.help import HelpfulCommand, HelpfulGroup, examples
from tlviz.cli.layout import Column
from tlviz.cli.output import Json, print_result, share, table
from tlviz.cli.race import follow_race
from tlviz.cli.report import report
from tlviz.cli.run_text import gauges_of, phases_of, run_in_words
from tlviz.program import command
from tlviz.runs.advice.transfer_gain import compare_with_scratch
from tlviz.runs.launch import resume_run
from tlviz.runs.launch import stop_run as stop_run_of
from tlviz.runs.named import named_run
from tlviz.runs.next_of_run import config_of, next_steps
from tlviz.runs.next_steps import NextStep
from tlviz.runs.overview import RunRow, overview, unreadable
from tlviz.runs.races.winner import run_to_take
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE, RACE
from tlviz.runs.store.scheduled import job_words, log_tail
from tlviz.runs.store.trash import discard
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import moment

RUN_HELP = "Its name in the list or its own name, a beginning that no other run has, or `last`."
Run = Annotated[str, typer.Argument(help=RUN_HELP, metavar="RUN", show_default=False)]
RUN_EXAMPLES = examples("runs show last", "runs stop 20261130-0912", "runs report last --to last.html")
_COLUMNS = (
    Column("run", is_long=True, enough=40),
    Column("status"),
    Column("accuracy", is_right=True),
    Column("epochs", is_right=True, rank=1),
    Column("own name", rank=2, is_long=True, enough=20),
    Column("started", rank=3),
    Column("data", rank=6, is_long=True, enough=16),
    Column("strategy", rank=5),
    Column("model", rank=4, is_long=True, enough=24),
    Column("tags", rank=7, is_long=True, enough=16),
)

runs_app = typer.Typer(
    cls=HelpfulGroup,
    invoke_without_command=True,
    help="List the fine-tuning runs of this machine, and show, stop, resume or delete one.",
    epilog=RUN_EXAMPLES,
)


@runs_app.callback()
def runs(context: typer.Context, as_json: Json = False) -> None:
    """List the runs, newest first."""
    if context.invoked_subcommand is not None:
        return
    rows = overview(None)
    found = [row for row in rows if row.kind == FINETUNE]
    damaged = unreadable(rows)
    none = f"There are no runs yet. Start one with: {command('finetune --data photos')}"
    lines = table([_line(row) for row in found], _COLUMNS) if found else none
    result = {"runs": [_run_row(row) for row in found], "left_out": [asdict(one) for one in damaged]}
    words = [f"The run {one.path} cannot be read and is left out: {one.reason}." for one in damaged]
    print_result(result, as_json, lines, *words)


@runs_app.command("show", cls=HelpfulCommand)
def show_run(run: Run, as_json: Json = False) -> None:
    """Show a run's epochs, what trained in each phase at which rate, and what is left of the source network."""
    summary = summarise(named_run(run))
    result = _run_row(summary) | {"error": summary.error, "config": summary.settings, "epochs": summary.epochs}
    result["test_accuracy"] = summary.test_accuracy
    transfer = compare_with_scratch(summary, map(summarise, list_runs(FINETUNE)))
    result["transfer"] = asdict(transfer) | {"worth": transfer.direction} if transfer else None
    result |= {name: summary.start_event.get(name, []) for name in ("problems", "excluded")}
    result |= {"reading": summary.start_event.get("reading"), "left_out": summary.start_event.get("left_out", [])}
    result |= {"switches": summary.start_event.get("switches", [])}
    result |= {"phases": phases_of(summary), "gauges": gauges_of(summary)}
    told = job_words(Path(summary.folder))
    result["job"] = told
    more = (
        [told, *log_tail(Path(summary.folder)).splitlines()] if told and summary.status is not Status.FINISHED else []
    )
    print_result(result, as_json, *run_in_words(summary), *more)


@runs_app.command("next", cls=HelpfulCommand)
def next_of_run(run: Run, as_json: Json = False) -> None:
    """Say what to try after a run, or after a race's winner, with numbers and the command that tries it."""
    found = run_to_take([named_run(run)])
    steps = next_steps(found)
    rows = [
        {"words": step.words, "gain": step.gain, "page": step.page or None, "commands": commands_of(found, step)}
        for step in steps
    ]
    lines = [line for row in rows for line in (f"- {row['words']}", *(f"    {one}" for one in row["commands"]))]
    print_result({"run": found.name, "steps": rows}, as_json, *(lines or ["Nothing stands out to be tried next."]))


@runs_app.command("stop", cls=HelpfulCommand)
def stop_run(run: Run, as_json: Json = False) -> None:
    """Stop a run and keep its best weights so far."""
    found = named_run(run)
    stop_run_of(found)
    print_result({"run": found.name, "stop_requested": True}, as_json, f"Asked {found.name} to stop.")


@runs_app.command("resume", cls=HelpfulCommand)
def resume(run: Run, as_json: Json = False) -> int:
    """Continue a run or a race that was stopped or killed; its weights become the same as without a break."""
    found = named_run(run)
    resume_run(found)
    return follow_race(found, as_json) if found.config()["kind"] == RACE else follow(found, as_json)


@runs_app.command("delete", cls=HelpfulCommand)
def delete_run(
    run: Run,
    forever: Annotated[bool, typer.Option("--forever", help="Remove it from the disk instead.")] = False,
    as_json: Json = False,
) -> None:
    """Move a run that is over to the trash; on the Runs page it can be restored, or the trash emptied."""
    found = named_run(run)
    if forever:
        found.delete()
        print_result({"run": found.name, "deleted": True}, as_json, f"Deleted {found.name} for good.")
        return
    folder = discard(found).path
    result = {"run": found.name, "deleted": True, "bin": str(folder)}
    print_result(result, as_json, f"Moved {found.name} to the trash: {folder}")


runs_app.command("report", cls=HelpfulCommand)(report)


def commands_of(run: RunFolder, step: NextStep) -> list[str]:
    """Return the commands that try a step, one a run; none for what is to be looked at."""
    return [finetune_code(config_of(run, changes)).command for _, changes in step.runs]


def _line(row: RunRow) -> dict[str, Any]:
    """Return what a person reads of a run in the list."""
    return {
        "run": row.run,
        "status": row.status,
        "accuracy": share(row.best_val_accuracy),
        "epochs": row.epochs_run,
        "own name": row.notes.name,
        "started": moment(row.started),
        "data": row.data,
        "strategy": row.strategy,
        "model": row.model,
        "tags": ", ".join(row.notes.tags),
    }


def _run_row(run: RunSummary | RunRow) -> dict[str, Any]:
    names = ("run", "folder", "status", "model", "data", "strategy", "epochs_run", "best_val_accuracy", "started")
    row = {name: getattr(run, name) for name in names}
    if isinstance(run, RunRow):
        row |= {"folder": str(run.folder.path), "name": run.notes.name, "tags": run.notes.tags}
    return row
