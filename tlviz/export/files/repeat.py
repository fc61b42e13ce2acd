"""The training script of a bundle, with the split and the start that it reads."""

from __future__ import annotations

from pathlib import Path

from tlviz.errors import TlvizError
from tlviz.export.card_facts import source_of
from tlviz.export.files.content import CannotExportError, Content, images_of
from tlviz.export.split_file import FILE, PICTURES, split_file
from tlviz.export.train_script import START, start_weights, train_script
from tlviz.home import make_folder, storage_errors, write_atomic, write_text

LARGEST_START = 512 * 2**20
"""Weights to start from that are larger are not copied: the script says which file to give it."""


def write_train(content: Content, path: Path) -> None:
    """Write ``train.py`` and what it reads beside it.  Raises ``CannotExportError`` where it cannot repeat the run."""
    try:
        here = images_of(content)
        script, split = train_script(content.header, here), split_file(here)
        start = start_weights(source_of(content.header), here.config)
    except TlvizError as error:
        raise CannotExportError(f"No training script: {error}") from error
    for name, picture in split.pictures():
        place = make_folder(path.parent / PICTURES) / name
        with storage_errors(place):
            place.write_bytes(picture)  # to wait for the disk after each of thousands takes minutes
    if start is not None and start.is_file() and start.stat().st_size <= LARGEST_START:
        write_atomic(path.with_name(START), start.read_bytes())
    write_text(path.with_name(FILE), split.content)
    write_text(path, script)
