"""Writing the files of a bundle: the formats that are wanted, then the scripts that read them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tlviz.export.files.content import CannotExportError, Content
from tlviz.export.files.table import FORMATS, Format, FormatSpec, formats_of, scripts_for
from tlviz.export.media import export_side
from tlviz.home import make_folder, storage_errors


@dataclass(frozen=True, slots=True)
class Written:
    """The files of each format, why others could not be written, and what stands beside them."""

    files: dict[Format, Path]
    refused: dict[Format, str]
    companions: tuple[Path, ...]


def write_files(
    content: Content, folder: Path, formats: Sequence[Format], progress: Callable[[int, int], None] | None = None
) -> Written:
    """Write some formats of a run into a folder, with class names, preprocessing and scripts.

    A format that cannot express the network is left out, with the reason.  ``progress`` gets the formats done and
    their number before each, and may raise to end the work.  Raises ``StorageError``.
    """
    make_folder(folder)
    files: dict[Format, Path] = {}
    refused: dict[Format, str] = {}
    ordered = [form for form in FORMATS if form in formats]
    for at, form in enumerate(ordered):
        if progress:
            progress(at, len(ordered))
        try:
            files[form] = write_format(content, folder, form)
        except CannotExportError as error:
            refused[form] = str(error)
    if progress:
        progress(len(ordered), len(ordered))
    side = export_side(content.medium)
    return Written(files, refused, tuple(side.write_companions(content, folder, scripts_for(list(files)))))


def write_format(content: Content, folder: Path, form: Format) -> Path:
    """Write one format into a folder that is there; return its file.

    Raises ``CannotExportError`` where it cannot express the network, and ``StorageError``; nothing is left then.
    """
    spec = formats_of(content.medium)[form]
    path = folder / spec.file
    before = set(folder.iterdir())
    module, _, function = spec.written_by.rpartition(".")
    with storage_errors(path):
        try:
            getattr(import_module(f"tlviz.export.{module}"), function)(content, path)
        except BaseException:
            for left in set(folder.iterdir()) - before:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            raise
    return path


def size_of(spec: FormatSpec, path: Path) -> int:
    """Return the bytes of a format that was written as ``path``, with what it wrote beside that."""
    files = [path, *(path.with_name(name) for name in spec.beside), *path.rglob("*")]
    return sum(file.stat().st_size for file in files if file.is_file())
