"""The parts of a report: one HTML file that stands alone, in which every name is shown as it is."""

from __future__ import annotations

import html
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tlviz import __version__
from tlviz.figures.page import chart_library

LIBRARIES = ("torch", "torchvision", "timm", "safetensors", "numpy")

_STYLE = """
:root { color-scheme: light dark; --ink: #1c232b; --page: #ffffff; --line: #d7dce2; --soft: #5b6672 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaef; --page: #11161d; --line: #333c47; --soft: #9aa5b1 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto;
  max-width: 1080px; padding: 0 1rem }
table { border-collapse: collapse; font-size: 0.9rem; display: block; overflow-x: auto }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.number { font-variant-numeric: tabular-nums }
p.aid { color: var(--soft); font-size: 0.9rem; margin-top: 0 }
.pair { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1rem }
.pair > * { min-width: 0 }
@media print { details { display: block } }
"""


def document(title: str, subject: str, body: str) -> str:
    """Return a whole file: ``body`` is HTML already, the other two are words."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style>{chart_library()}</head><body>\n<h1>{text(title)}</h1>"
        f'<p class="aid">{text(subject)} · written {time.strftime("%Y-%m-%d %H:%M")} by tlviz {__version__}</p>\n'
        f"{body}\n</body></html>\n"
    )


def versions() -> Iterator[str]:
    """Yield the versions of this program, Python and the libraries that are here."""
    yield f"tlviz {__version__}"
    yield f"Python {platform.python_version()}"
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table; cells may be any values and are shown as ``word`` writes them."""
    head = "".join(f"<th>{text(name)}</th>" for name in heads)
    lines = "".join("<tr>" + "".join(f'<td class="number">{text(word(c))}</td>' for c in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def aid(words: str) -> str:
    """Return the line under a figure or a table that helps to read it."""
    return f'<p class="aid">{text(words)}</p>'


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


def text(words: str) -> str:
    """Show words as they are: no name becomes a part of the page; a half letter of a file's name is a question mark."""
    return html.escape(words.encode(errors="replace").decode())
