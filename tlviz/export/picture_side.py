"""What an export asks of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tlviz.data.pixels.ingest import Geometry, Source
from tlviz.errors import BadPictureError
from tlviz.export.bundle import Bundle
from tlviz.export.card_use import use_lines as use_lines
from tlviz.export.checking.own_answers import OwnAnswers
from tlviz.export.checking.own_answers import own_answers as _own_answers
from tlviz.export.checking.renderings import write_renderings
from tlviz.export.files.scripts import write_companions as write_companions
from tlviz.home import make_folder, storage_errors
from tlviz.models.load import Network

Progress = Callable[[str, int, int], None]


def read_form(header: Bundle) -> Geometry:
    """Return how pictures are made square."""
    return Geometry.from_json(header.preprocessing)


def item_file(source: Source, path: Path) -> tuple[Path, bool]:
    """Return the file of a picture; one that a target keeps in an array is written as PNG, without loss."""
    if source.path is not None:
        return source.path, False
    make_folder(path.parent)
    path = path.with_name(f"{path.name}.png")
    try:
        image = source.open()[0]
    except BadPictureError:
        return path, False  # it is not there, and neither way can read it
    with storage_errors(path):
        image.save(path, compress_level=1)
    return path, True


def odd_items(paths: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Write some pictures as cameras, scanners and other programs would have saved them."""
    return write_renderings(paths, folder)


def own_answers(network: Network, header: Bundle, paths: Sequence[Path], of: int, progress: Progress) -> OwnAnswers:
    """Open and name picture files as ``tlviz predict`` does."""
    return _own_answers(network, read_form(header), paths, of, progress)
