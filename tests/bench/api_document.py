"""``docs/api.md`` from the docstrings: ``python -m tests.bench.api_document`` writes it anew."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import tlviz
from tlviz.api.result import Result

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
HEAD = """# The Python interface

`import tlviz` gives a dozen functions for notebooks and scripts. They do what the pages and the command line do, with
the same settings, and what they train stands on the Runs page. Importing tlviz imports nothing else: each function
brings what it needs when it is first called.

Every result has a sentence (`.summary`), a pandas table (`.table()`) and a Plotly figure (`.figure()`), and shows
itself in a notebook. What a person can mend is a `tlviz.TlvizError` with one sentence. Long work shows a bar;
`progress=False` switches it off. An interruption (Ctrl-C, or *Interrupt* in a notebook) stops a run or a race, and what
it has so far is kept and returned. Every page has *Show code*: the lines that make what it shows.

A network is given by its name or as what `load_network` returned; a target by its name, its path, or as what
`open_target` returned; a run by any of its names, `"last"`, or as what `finetune` returned.

`settings` are the options of the command line under the same names, such as `epochs=5` for `--epochs 5`; the
[command line](command-line.md) describes each. This page is written from the docstrings, and a test runs its examples.
"""
FUNCTIONS = [name for name in tlviz.FUNCTIONS if name]


def document() -> str:
    """Return the page."""
    listed = [_wrapped(f"- [`{name}`](#{name}): {_lower(_plain(_first(_function(name))))}", "  ") for name in FUNCTIONS]
    parts = [HEAD, "\n".join(listed), *(_section(name) for name in FUNCTIONS)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _function(name: str) -> Any:
    return getattr(import_module(f"tlviz.api.{tlviz.FUNCTIONS[name]}"), name)


def _section(name: str) -> str:
    function = _function(name)
    words, example = _parts(function)
    returned = get_type_hints(function)["return"]
    parts = [f"## {name}", f"```\n{_signature(name, function)}\n```", words, _block(example), _result(returned)]
    return "\n\n".join(part for part in parts if part)


def _signature(name: str, function: Any) -> str:
    """Write a call with the arguments of the function's own; settings are not listed again."""
    code = inspect.signature(function, follow_wrapped=False)
    told: list[str] = []
    is_named = False
    own = function.__code__.co_varnames[: function.__code__.co_argcount + function.__code__.co_kwonlyargcount]
    for parameter in code.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            told.append(f"*{parameter.name}")
            is_named = True
        elif parameter.name in own:
            if parameter.kind is parameter.KEYWORD_ONLY and not is_named:
                told.append("*")
                is_named = True
            told.append(f"{parameter.name}{_default(parameter)}")
    if function.__code__.co_flags & inspect.CO_VARKEYWORDS:
        told.append("**reading" if "reading" in function.__code__.co_varnames else "**settings")
    return f"tlviz.{name}({', '.join(told)})"


def _result(kind: type) -> str:
    """Describe what a function returns: its fields and methods, a line each."""
    if not issubclass(kind, Result):
        return ""
    lines = [_wrapped(f"What comes back, `{kind.__name__}`: {_lower(_plain(_first(kind)))}"), ""]
    for name, member in _members(kind):
        lines.append(_wrapped(f"- `{name}`: {_lower(_plain(_first(member)))}", "  "))
        lines += [f"\n{_block(_parts(member)[1])}\n"] if _parts(member)[1] else []
    return "\n".join(lines)


def _members(kind: Any) -> Iterator[tuple[str, Any]]:
    for name, member in vars(kind).items():
        if name.startswith("_") or name == "summary" or name in {field.name for field in fields(kind)}:
            continue
        if isinstance(member, property | cached_property):
            yield f".{name}", member
        elif inspect.isfunction(member):
            taken = list(inspect.signature(member).parameters.values())[1:]
            yield f".{name}({', '.join(_argument(one) for one in taken)})", member


def _argument(one: inspect.Parameter) -> str:
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    return f"{stars}{one.name}{_default(one)}"


def _default(one: inspect.Parameter) -> str:
    """Write the default of an argument; one of a few names as the name itself."""
    if one.default is one.empty:
        return ""
    return f"={str(one.default)!r}" if isinstance(one.default, str) else f"={one.default!r}"


def _parts(member: Any) -> tuple[str, str]:
    """Return the words of a docstring and its example."""
    text = inspect.getdoc(member) or ""
    words, _, example = text.partition("\n>>> ")
    return _plain(words), f">>> {example}" if example else ""


def _first(member: Any) -> str:
    return (inspect.getdoc(member) or "").split("\n\n")[0].replace("\n", " ")


def _plain(words: str) -> str:
    """Write a docstring as Markdown: one kind of quotes, one blank after a sentence, lines as long as elsewhere."""
    words = re.sub(r"``(.+?)``", r"`\1`", words).replace(".  ", ". ")
    return "\n\n".join(_wrapped(" ".join(part.split())) for part in words.split("\n\n")).strip()


def _wrapped(words: str, indent: str = "") -> str:
    """Break a paragraph into lines as the other documents have them."""
    whole = " ".join(words.split())
    return textwrap.fill(whole, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _block(example: str) -> str:
    """Write an example as code: what it gives stands below as a comment."""
    if not example:
        return ""
    lines = [line[4:] if line.startswith((">>> ", "... ")) else f"# {line}" for line in example.splitlines() if line]
    return "\n".join(["```python", *lines, "```"])


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
