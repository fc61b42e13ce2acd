"""HTML files of their own that print to clean pages: templates in which every word is shown as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tlviz import __version__


def fill(template: str, **values: Any) -> str:
    """Return a whole HTML file from a template; half letters become question marks."""
    page = _environment().get_template(template).render(version=__version__, **values)
    return page.encode(errors="replace").decode()


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
