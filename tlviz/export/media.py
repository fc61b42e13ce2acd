"""What an export asks of a modality: one interface, behind which pictures and texts stand.

What is asked for and given back by rooms above this one is ``Any`` here: they import it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from tlviz.data.pixels.ingest import Source
from tlviz.export.bundle import Bundle
from tlviz.medium import Medium
from tlviz.models.load import Network

Progress = Callable[[str, int, int], None]
_MODULES = {Medium.PICTURES: "tlviz.export.picture_side", Medium.TEXTS: "tlviz.export.texts.side"}


class ExportSide(Protocol):
    """A modality's exports; each method is a function of the module that ``export_side`` names."""

    def read_form(self, header: Bundle) -> Any:
        """Return how items are prepared.  Raises ``KeyError``, ``TypeError`` or ``ValueError``."""

    def write_companions(self, content: Any, folder: Path, scripts: Sequence[Any]) -> list[Path]:
        """Write the scripts and what they read beside them into a folder; return the files."""

    def item_file(self, source: Source, path: Path) -> tuple[Path, bool]:
        """Return a file that holds an item, and whether it had to be written: as ``path``, with an ending."""

    def odd_items(self, paths: Sequence[Path], folder: Path) -> dict[str, Path]:
        """Write odd versions of some items into a folder and return the files by what they are."""

    def own_answers(self, network: Network, header: Bundle, paths: Sequence[Path], of: int, progress: Progress) -> Any:
        """Read and name the files of items as ``tlviz predict`` does; those that cannot be opened are left out."""

    def use_lines(self, facts: Any) -> list[str]:
        """Return how a bundle is used, as Markdown."""


def export_side(medium: Medium) -> ExportSide:
    """Return what an export asks of a modality."""
    return cast(ExportSide, import_module(_MODULES[medium]))
