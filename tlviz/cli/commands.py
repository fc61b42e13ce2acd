"""The same verbs as the pages, for terminals, batch jobs and tests.

``--json`` prints exactly one JSON object on standard output; progress goes to standard error.  Exit status 0, 2 with
one line for a person's mistake, 1 for anything else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from tlviz import __version__
from tlviz.cli.app import start_app
from tlviz.cli.bench import bench
from tlviz.cli.datasets import datasets_app
from tlviz.cli.export import export
from tlviz.cli.find_rate import find_rate
from tlviz.cli.finetune import STRATEGIES_EPILOG, finetune
from tlviz.cli.help import MACHINE, MEASURE, RUNS, SEE, TRAIN, HelpfulCommand, HelpfulGroup, examples
from tlviz.cli.models import models_app
from tlviz.cli.predict import predict_pictures
from tlviz.cli.profile import profile
from tlviz.cli.race import race
from tlviz.cli.runs import runs_app
from tlviz.errors import TlvizError
from tlviz.program import SCRIPT, program

_COMPLETE = "_TLVIZ_COMPLETE"
_FIRST = examples(
    "models --bundled",
    "profile --model squeezenet1_1 --data photos",
    "finetune --model squeezenet1_1 --data photos --strategy head_only",
    "runs show last",
)

app = typer.Typer(cls=HelpfulGroup, no_args_is_help=True, epilog=_FIRST)
app.command("app", cls=HelpfulCommand, rich_help_panel=SEE)(start_app)
app.add_typer(models_app, name="models", rich_help_panel=SEE)
app.add_typer(datasets_app, name="datasets", rich_help_panel=SEE)
app.command("profile", cls=HelpfulCommand, rich_help_panel=MEASURE)(profile)
app.command("find-rate", cls=HelpfulCommand, rich_help_panel=MEASURE, epilog=STRATEGIES_EPILOG)(find_rate)
app.command("finetune", cls=HelpfulCommand, rich_help_panel=TRAIN, epilog=STRATEGIES_EPILOG)(finetune)
app.command("race", cls=HelpfulCommand, rich_help_panel=TRAIN, epilog=STRATEGIES_EPILOG)(race)
app.add_typer(runs_app, name="runs", rich_help_panel=RUNS)
app.command("predict", cls=HelpfulCommand, rich_help_panel=RUNS)(predict_pictures)
app.command("export", cls=HelpfulCommand, rich_help_panel=RUNS)(export)
app.command("bench", cls=HelpfulCommand, rich_help_panel=MACHINE)(bench)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    try:
        result = typer.main.get_command(app).main(
            list(arguments), prog_name=_name(arguments), complete_var=_COMPLETE, standalone_mode=False
        )
        return result if isinstance(result, int) else 0
    except (typer.TyperException, TlvizError) as error:
        _complain(error)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130


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


@app.callback()
def describe(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """See, measure and try transfer learning on images."""
