"""Reports on the command line: runs beside one another, or a race, as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tlviz.cli.output import OUTPUT, Json, print_result
from tlviz.data.sources.folder import given_path
from tlviz.errors import BadSettingError
from tlviz.home import make_folder, write_text
from tlviz.program import command
from tlviz.runs.named import named_run
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.kinds import RACE


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Runs to compare, or one race; names as for `runs show`.", metavar="RUN...", show_default=False
        ),
    ],
    to: Annotated[
        Path, typer.Option(help="The HTML file, or a folder for it.", metavar="PATH", rich_help_panel=OUTPUT)
    ],
    as_json: Json = False,
) -> None:
    """Write runs side by side, or one race, into one HTML file with its figures; it opens without a connection."""
    from tlviz.export.race_report import race_report_html  # these import plotly
    from tlviz.export.report import report_html

    found = [named_run(name) for name in dict.fromkeys(runs)]
    if len(found) == 1 and found[0].config()["kind"] == RACE:
        content = race_report_html(found[0])
    else:
        content = report_html(_rows(found))
    target = given_path(str(to))
    file = target / f"{found[0].name}.html" if target.is_dir() else target
    make_folder(file.parent)
    write_text(file, content)
    print_result({"runs": [run.name for run in found], "file": str(file)}, as_json, str(file))


def _rows(runs: Sequence[RunFolder]) -> list[RunRow]:
    """Return the rows of fine-tuning runs.  Raises ``BadSettingError`` where one is none."""
    known = {row.run: row for row in overview()}
    for run in runs:
        if run.name not in known or not known[run.name].folder.path.samefile(run.path):
            raise BadSettingError(
                f"{run.name} is not a fine-tuning run of this machine; name runs that '{command('runs')}' lists, "
                "or one race."
            )
    return [known[run.name] for run in runs]
