"""The settings of a run as options of a command, made from the table of settings."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

from tlviz.finetune.settings import Setting

METAVARS: dict[type, str] = {int: "N", float: "X", tuple: "NAMES", bool: ""}
"""Short, so that the help text has the width; what is one of a few names is a NAME."""

Command = Callable[..., int]


def takes_settings(rows: Iterable[Setting], **first: Any) -> Callable[[Command], Command]:
    """Give a command an option for each setting; its first argument is what was chosen, by name, None where nothing.

    Former names stay as hidden options.  ``first`` are defaults of this command in place of the table's.
    """
    table = {row.name: row for row in rows}

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**given: Any) -> int:
            return command({row.name: _take(row, given) for row in table.values()}, **given)

        hints = typing.get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(inspect.signature(command).parameters.values())[1:]
        ]
        options = [option for row in table.values() for option in _options(row, first.get(row.name, row.first))]
        run.__signature__ = inspect.Signature([*options, *own])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*options, *own)}
        return run

    return decorate


def only(table: Mapping[str, Setting], *names: str) -> list[Setting]:
    """Return the rows of some settings, in the order of the table."""
    return [row for row in table.values() if row.name in names]


def _take(row: Setting, given: dict[str, Any]) -> Any:
    """Take a setting out of the options, None where it was left alone; a former name, which has no default, wins."""
    if row.kind is bool:
        is_on, is_off = given.pop(row.name), given.pop(_opposite(row))
        return False if is_off else is_on or None
    values = [given.pop(name) for name in (*row.former, row.name)]
    value = next((value for value in values if value is not None), None)
    return tuple(filter(None, value.split(","))) if row.kind is tuple and value else value


def _options(row: Setting, first: Any) -> Iterator[inspect.Parameter]:
    """Yield the option of a setting and hidden ones; of a switch, the side that is not the default can be seen."""
    if row.kind is bool:
        for name, value in ((row.name, True), (_opposite(row), False)):
            yield _option(row, name, bool, False, hidden=value is row.default)
        return
    kind = str if row.kind is tuple else row.kind
    default = row.default if first is None else first
    if default is None and not row.usual and not row.is_optional:
        yield _option(row, row.name, kind, inspect.Parameter.empty)
    else:
        yield _option(row, row.name, kind | None, default)
    for name in row.former:
        yield _option(row, name, kind | None, None, hidden=True)


def _option(row: Setting, name: str, hint: Any, default: Any, *, hidden: bool = False) -> inspect.Parameter:
    choices = f" One of {', '.join(row.choices)}." if row.choices else ""
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=f"{row.help}{choices}",
        metavar=METAVARS.get(row.kind, "NAME"),
        show_default=row.usual or row.kind is not bool,
        rich_help_panel=row.group.value,
        hidden=hidden,
    )
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[hint, option])


def _opposite(row: Setting) -> str:
    return f"no_{row.name}"
