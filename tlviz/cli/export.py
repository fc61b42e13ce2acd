"""A run's network as files, on the command line."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tlviz.cli.help import WHAT
from tlviz.cli.output import OUTPUT, Json, print_result
from tlviz.cli.runs import RUN_HELP
from tlviz.runs.named import named_run


def export(
    run: Annotated[str, typer.Argument(help=RUN_HELP, metavar="RUN", rich_help_panel=WHAT, show_default=False)],
    to: Annotated[Path, typer.Option(help="The folder to write into.", metavar="FOLDER", rich_help_panel=OUTPUT)],
    formats: Annotated[
        str, typer.Option(help="Comma-separated: safetensors, pt.", metavar="NAMES", rich_help_panel=OUTPUT)
    ] = "safetensors",
    as_json: Json = False,
) -> None:
    """Write a run's best weights to files; each is read back and compared with the run."""
    from tlviz.export.formats import export_run, parse_formats  # imports torch

    written = export_run(named_run(run), to.expanduser(), parse_formats(formats))
    print_result(asdict(written), as_json, "\n".join(written.files.values()))
