"""The parts of a report: templates that make one HTML file of its own, in which every name is shown as it is."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tlviz import __version__
from tlviz.figures.page import chart_library

LIBRARIES = ("torch", "torchvision", "timm", "safetensors", "numpy")


def document(template: str, **values: Any) -> str:
    """Return a whole file from a template and its values, of which every one but the charts is escaped.

    All need ``title`` and ``subject``.  A half letter of a file's name becomes a question mark.
    """
    page = fill(
        template,
        **values,
        library=chart_library(),
        written=time.strftime("%Y-%m-%d %H:%M"),
        version=__version__,
    )
    return page.encode(errors="replace").decode()


def fill(template: str, **values: Any) -> str:
    """Return a template filled with values, of which every one that it does not call safe is escaped."""
    return _environment().get_template(template).render(values)


def versions() -> Iterator[str]:
    """Yield the versions of this program, Python and the libraries that are here."""
    yield f"tlviz {__version__}"
    yield f"Python {platform.python_version()}"
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def share(value: float | None, error: float | None = None) -> str | None:
    """Return a fraction as percent, with its standard error where there is one."""
    if value is None:
        return None
    return f"{value:.1%}" + (f" ± {error:.1%}" if error is not None else "")


def word(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, Mapping | list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["word"] = word
    return environment
