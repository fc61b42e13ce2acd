"""Settings as arguments of a function: their names, defaults and types come from the one table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from tlviz.finetune.settings import Setting

Given = ParamSpec("Given")
Found = TypeVar("Found")


def shows_settings(rows: Iterable[Setting]) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """Let a function whose last argument is ``**settings`` show these settings by name, for help and completion."""
    table = list(rows)

    def decorate(function: Callable[Given, Found]) -> Callable[Given, Found]:
        own = list(inspect.signature(function).parameters.values())[:-1]
        named = {parameter.name for parameter in own}
        shown = [
            inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=row.default, annotation=row.kind)
            for row in table
            if row.name not in named
        ]
        function.__signature__ = inspect.Signature([*own, *shown])  # type: ignore[attr-defined]
        return function

    return decorate
