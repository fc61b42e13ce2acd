"""How the help is laid out: panels on a terminal, the same groups as plain text elsewhere, names that complete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from tlviz.cli.complete import COMPLETIONS
from tlviz.cli.output import on_terminal

if TYPE_CHECKING:
    from typer.core import MarkupMode

SEE, MEASURE, TRAIN, RUNS, MACHINE = "See", "Measure", "Train", "Runs", "This machine"
"""The panels of ``tlviz --help``, in the order in which they are shown."""
WHAT = "What"
"""The panel of a command's help for what it works on."""


class HelpfulCommand(TyperCommand):
    """A command whose help is plain text in a pipe, and whose names of networks, targets and runs complete."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        _complete_names(self.params)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help in panels on a terminal, else as plain text."""
        self.rich_markup_mode = _markup()
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
        """Write the help in panels on a terminal, else as plain text."""
        self.rich_markup_mode = _markup()
        super().format_help(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options, then the commands, under the titles of their panels."""
        _write_panels(formatter, _option_records(self, ctx))
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under the titles of their panels, each with the whole first sentence of its help."""
        commands = [self.commands[name] for name in self.list_commands(ctx)]
        _write_panels(
            formatter,
            [
                (getattr(command, "rich_help_panel", None) or "Commands", (command.name or "", command.help or ""))
                for command in commands
                if not command.hidden
            ],
        )

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


def _markup() -> MarkupMode:
    return "rich" if on_terminal() else None


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
            formatter.write(f"{line}\n")
