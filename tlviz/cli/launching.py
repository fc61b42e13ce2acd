"""Where a run or a race is executed, as options of their commands."""

from __future__ import annotations

from typing import Annotated

import typer

from tlviz.errors import BadSettingError
from tlviz.runs.launchers.resources import FILE, LAUNCHERS, Resources, read_resources

PANEL = "On a cluster"
Launcher = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", rich_help_panel=PANEL, show_default="as cluster.toml says, else local",
        help=f"Where it is executed: {' or '.join(LAUNCHERS)}. What follows is for slurm; {FILE} in the tlviz home "
        "can hold it all.",
    ),
]  # fmt: skip
Partition = Annotated[str | None, typer.Option(metavar="NAME", help="The partition.", rich_help_panel=PANEL)]
Account = Annotated[str | None, typer.Option(metavar="NAME", help="Whose time is used.", rich_help_panel=PANEL)]
TimeMin = Annotated[
    int | None,
    typer.Option("--time", metavar="MINUTES", rich_help_panel=PANEL,
                 help="Limit of one job; a run that needs longer is saved, queued again and goes on."),
]  # fmt: skip
Memory = Annotated[float | None, typer.Option("--memory-gb", metavar="GB", help="Memory.", rich_help_panel=PANEL)]
Gpus = Annotated[int | None, typer.Option(metavar="N", help="GPUs of a run.", rich_help_panel=PANEL)]
Cpus = Annotated[int | None, typer.Option(metavar="N", help="CPUs of a run.", rich_help_panel=PANEL)]
ArraySize = Annotated[
    int | None, typer.Option(metavar="N", help="Runs of a race side by side, at most.", rich_help_panel=PANEL)
]
Extra = Annotated[
    list[str] | None,
    typer.Option("--sbatch", metavar="NAME=VALUE", rich_help_panel=PANEL,
                 help="A further option of sbatch by its long name, such as qos=short; can be given several times."),
]  # fmt: skip


def chosen_resources(
    launcher: str | None,
    partition: str | None,
    account: str | None,
    time_min: int | None,
    memory_gb: float | None,
    gpus: int | None,
    cpus: int | None,
    array_size: int | None,
    extra: list[str] | None,
) -> Resources:
    """Return what the settings file says, changed by what was given.  Raises ``BadSettingError`` for a mistake."""
    pairs = dict(_pair(text) for text in extra or ())
    return read_resources().changed(
        {
            "launcher": launcher,
            "partition": partition,
            "account": account,
            "time_min": time_min,
            "memory_gb": memory_gb,
            "gpus": gpus,
            "cpus": cpus,
            "array_size": array_size,
            "extra": pairs,
        }
    )


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise BadSettingError(f"--sbatch is '{text}'; give NAME=VALUE, such as qos=short.")
    return name.lstrip("-"), value
