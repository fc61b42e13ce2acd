"""How the help is laid out: panels on a terminal, the same groups as plain text elsewhere, names that complete."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from tlviz.cli.complete import COMPLETIONS
from tlviz.cli.output import on_terminal

SEE, MEASURE, TRAIN, RUNS, MACHINE = "See", "Measure", "Train", "Runs", "This machine"
"""The panels of ``tlviz --help``, in the order in which they are shown."""
NAME_CELLS = 26
"""The help gives names of options no more than this, a long one goes over two lines."""
WHAT = "What"
"""The panel of a command's help for what it works on."""


class HelpfulCommand(TyperCommand):
    """A command whose help is plain text in a pipe, and whose names of networks, targets and runs complete."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        _complete_names(self.params)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Draw the help in panels on a terminal, else write it as plain text."""
        if on_terminal():
            _draw(self, ctx, _option_records(self, ctx))
            return
        self.rich_markup_mode = None
        super().format_help(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options under the titles of their panels."""
        _write_panels(formatter, _option_records(self, ctx))

    def format_epilog(self, _context: Any, formatter: Any) -> None:
        """Write the epilog without markup, a line for each of its paragraphs."""
        _write_epilog(formatter, self.epilog)


class HelpfulGroup(TyperGroup):
    """A group of commands whose help is plain text in a pipe; its commands are shown by panel."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Draw the help in panels on a terminal, else write it as plain text."""
        if on_terminal():
            _draw(self, ctx, [*_option_records(self, ctx), *self._command_records(ctx)])
            return
        self.rich_markup_mode = None
        super().format_help(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options, then the commands, under the titles of their panels."""
        _write_panels(formatter, _option_records(self, ctx))
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under the titles of their panels, each with the whole first sentence of its help."""
        _write_panels(formatter, self._command_records(ctx))

    def _command_records(self, ctx: Any) -> list[tuple[str, tuple[str, str]]]:
        commands = [self.commands[name] for name in self.list_commands(ctx)]
        return [
            (getattr(command, "rich_help_panel", None) or "Commands", (command.name or "", command.help or ""))
            for command in commands
            if not command.hidden
        ]

    def format_epilog(self, _context: Any, formatter: Any) -> None:
        """Write the epilog without markup, a line for each of its paragraphs."""
        _write_epilog(formatter, self.epilog)

    def list_commands(self, _context: Any) -> list[str]:
        """Return the commands by panel: what to see first, the machine last."""
        order = {panel: at for at, panel in enumerate((SEE, MEASURE, TRAIN, RUNS, MACHINE))}
        panels = {
            name: order.get(getattr(command, "rich_help_panel", ""), 0) for name, command in self.commands.items()
        }
        is_one = {name: not isinstance(command, TyperGroup) for name, command in self.commands.items()}
        return sorted(self.commands, key=lambda name: (panels[name], is_one[name]))


def examples(*lines: str) -> str:
    """Return an epilog with commands that a person can type, given without the program's name."""
    from tlviz.program import command

    return "\n\n".join(["[bold]Examples[/bold]", *(f"  {command(line)}" for line in lines)])


def _complete_names(params: Iterable[Any]) -> None:
    for param in params:
        if param.name in COMPLETIONS and param._custom_shell_complete is None:
            param._custom_shell_complete = COMPLETIONS[param.name]


def _draw(command: Any, ctx: Any, records: list[tuple[str, tuple[str, str]]]) -> None:
    """Draw usage, sentence, panels and epilog; the explanations get most of the width."""
    console = Console(highlight=False)
    console.print(Text(f"{command.get_usage(ctx)}\n", style="bold"), Text(f"{command.help or ''}\n"), sep="\n")
    for panel in dict.fromkeys(panel for panel, _ in records):
        rows = [record for name, record in records if name == panel]
        grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
        grid.add_column(style="cyan", width=min(max(len(name) for name, _ in rows), NAME_CELLS))
        grid.add_column(ratio=1)
        for name, explanation in rows:
            grid.add_row(Text(name, overflow="fold"), Text(explanation))
        console.print(Panel(grid, title=panel, title_align="left", border_style="dim"))
    for line in (command.epilog or "").split("\n\n"):
        console.print(Text.from_markup(line))


def _option_records(command: Any, ctx: Any) -> list[tuple[str, tuple[str, str]]]:
    """Return panel, name and help of each parameter, those without a panel of their own first."""
    found = [
        (
            getattr(param, "rich_help_panel", None)
            or ("Arguments" if param.param_type_name == "argument" else "Options"),
            record,
        )
        for param in command.get_params(ctx)
        if (record := param.get_help_record(ctx)) is not None
    ]
    first = {"Arguments": -2, "Options": -1}
    return sorted(found, key=lambda row: first.get(row[0], 0))


def _write_panels(formatter: Any, records: list[tuple[str, tuple[str, str]]]) -> None:
    for panel in dict.fromkeys(panel for panel, _ in records):
        with formatter.section(panel):
            formatter.write_dl([record for name, record in records if name == panel])


def _write_epilog(formatter: Any, epilog: str | None) -> None:
    if epilog:
        formatter.write_paragraph()
        for line in Text.from_markup(epilog).plain.split("\n\n"):
            is_command = line.startswith(" ")  # it stays on one line, to be copied
            formatter.write(f"{line if is_command else fill(line, formatter.width, subsequent_indent='  ')}\n")
