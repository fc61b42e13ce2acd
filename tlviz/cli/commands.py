"""The same verbs as the pages, for terminals, batch jobs and tests.

``--json`` prints exactly one JSON object on standard output; progress goes to standard error.  Exit status 0, 2 with
one line for a person's mistake, 1 for anything else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer

from tlviz import __version__
from tlviz.cli.help import MACHINE, MEASURE, RUNS, SEE, TRAIN, HelpfulCommand, HelpfulGroup, examples
from tlviz.errors import TlvizError
from tlviz.program import SCRIPT, program

_COMPLETE = "_TLVIZ_COMPLETE"
_FIRST = examples(
    "models --bundled",
    "profile --model squeezenet1_1 --data photos",
    "finetune --model squeezenet1_1 --data photos --strategy head_only",
    "runs show last",
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its panel in the help, and the function or group that a module of this room has for it."""

    panel: str
    module: str
    part: str
    lists_strategies: bool = False


COMMANDS = {
    "app": Command(SEE, "app", "start_app"),
    "models": Command(SEE, "models", "models_app"),
    "datasets": Command(SEE, "datasets", "datasets_app"),
    "profile": Command(MEASURE, "profile", "profile"),
    "prefetch": Command(SEE, "prefetch", "prefetch"),
    "find-rate": Command(MEASURE, "find_rate", "find_rate", lists_strategies=True),
    "finetune": Command(TRAIN, "finetune", "finetune", lists_strategies=True),
    "race": Command(TRAIN, "race", "race", lists_strategies=True),
    "best": Command(TRAIN, "best", "best"),
    "runs": Command(RUNS, "runs", "runs_app"),
    "predict": Command(RUNS, "predict", "predict_pictures"),
    "export": Command(RUNS, "export", "export"),
    "learn": Command(MEASURE, "learn", "learn_app"),
    "bench": Command(MACHINE, "bench", "bench"),
}


def make_app(*names: str) -> typer.Typer:
    """Return the program with these commands, all without names: importing what the others need would take longer."""
    app = typer.Typer(cls=HelpfulGroup, no_args_is_help=True, epilog=_FIRST)
    app.callback()(describe)
    for name in names or COMMANDS:
        row = COMMANDS[name]
        made = getattr(import_module(f"tlviz.cli.{row.module}"), row.part)
        if isinstance(made, typer.Typer):
            app.add_typer(made, name=name, rich_help_panel=row.panel)
            continue
        epilog = import_module("tlviz.cli.finetune").STRATEGIES_EPILOG if row.lists_strategies else None
        app.command(name, cls=HelpfulCommand, rich_help_panel=row.panel, epilog=epilog)(made)
    return app


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    try:
        result = typer.main.get_command(make_app(*_known(arguments))).main(
            list(arguments), prog_name=_name(arguments), complete_var=_COMPLETE, standalone_mode=False
        )
        return result if isinstance(result, int) else 0
    except (typer.TyperException, TlvizError) as error:
        _complain(error)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130


def _known(arguments: Sequence[str]) -> list[str]:
    """Return the command that is called, where it is certain which."""
    return [name for name in arguments[:1] if name in COMMANDS and _COMPLETE not in os.environ]


def _name(arguments: Sequence[str]) -> str:
    """Return what the help calls the program; the shell completes the name of the script only."""
    is_completing = _COMPLETE in os.environ or any("-completion" in argument for argument in arguments[:1])
    return SCRIPT if is_completing else program()


def _complain(error: Exception) -> None:
    """Print an error as one line; Typer formats its own, which has nothing to say where help was printed."""
    message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    if message:
        print(f"tlviz: {' '.join(message.split())}", file=sys.stderr)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        print(f"tlviz {__version__}")
        raise typer.Exit


def describe(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """See, measure and try transfer learning on images."""
