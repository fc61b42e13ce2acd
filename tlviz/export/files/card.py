"""The model card of a bundle, with its pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tlviz.errors import TlvizError
from tlviz.export.card import FILE, card_pictures, model_card
from tlviz.export.card_facts import card_facts, source_of
from tlviz.export.files.content import Content, images_of
from tlviz.export.run_images import RunImages
from tlviz.home import write_atomic, write_text
from tlviz.models.spec import ModelSpec
from tlviz.runs.store.folder import RunFolder


def write_card(run: RunFolder, content: Content, folder: Path) -> None:
    """Write ``README.md`` and its pictures into a bundle whose other files are there."""
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    facts = card_facts(run, content.header, _source(content), _images(content), files)
    for name, picture in card_pictures(facts).items():
        write_atomic(folder / name, picture)
    write_text(folder / FILE, model_card(facts))


def _source(content: Content) -> ModelSpec:
    """Return the network that the run began from; where it is gone, the architecture alone."""
    try:
        return source_of(content.header)
    except TlvizError:
        spec = content.network.spec
        name = spec.architecture
        return replace(spec, name=name, title=name, source="pictures that are not known")


def _images(content: Content) -> RunImages | None:
    try:
        return images_of(content)
    except TlvizError:
        return None
