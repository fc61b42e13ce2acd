"""What stands beside the weights of a bundle: the script that repeats the run, the card, what timm and peft open."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tlviz.data.pixels.ingest import Geometry
from tlviz.errors import TlvizError
from tlviz.export import adapter, card, card_facts, timm_folder, train_script
from tlviz.export.bundle import Bundle
from tlviz.export.run_images import RunImages, load_run_images
from tlviz.export.split_file import FILE as SPLIT
from tlviz.export.split_file import PICTURES, split_file
from tlviz.finetune.config import FinetuneConfig
from tlviz.home import make_folder, storage_errors, write_atomic
from tlviz.models.load import Network
from tlviz.runs.store.folder import RunFolder

SCRIPT = "train.py"
LARGEST_START = 512 * 2**20
"""Weights to start from that are larger are not copied: the script says which file to give it."""


@dataclass(slots=True)
class Beside:
    """The files that were written, by their names in the folder, and why other parts were not, by part."""

    files: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def write_beside(run: RunFolder, header: Bundle, network: Network, folder: Path) -> Beside:
    """Write all that belongs beside a run's weights into a folder; a part that cannot be is refused alone.

    Raises ``StorageError`` where the folder cannot be written.
    """
    done = Beside()
    config: FinetuneConfig | None = None
    here: RunImages | None = None
    try:
        config = FinetuneConfig.from_json(header.training.get("settings") or {})
        here = load_run_images(header)
    except TlvizError as error:  # the network that it began from has gone, or the pictures have
        done.refused[SCRIPT] = str(error)
    if here is not None:
        _part(done, SCRIPT, folder, lambda: _script(header, here))
    reason = timm_folder.why_no_timm(network.spec)
    if reason:
        done.refused[timm_folder.FILE] = reason
    else:
        _part(done, timm_folder.FILE, folder, lambda: _timm(header, network))
    if config is not None and adapter.has_adapter(config):
        _part(done, adapter.FOLDER, folder, lambda: _adapter(header, network))
    _part(done, card.FILE, folder, lambda: _card(run, header, network, here, done.files))
    return done


def _part(done: Beside, part: str, folder: Path, make: Callable[[], dict[str, bytes]]) -> None:
    """Make the files of a part and write them; one that is refused leaves none."""
    try:
        files = make()
    except TlvizError as error:
        done.refused[part] = str(error)
        return
    for name, content in files.items():
        path = folder / name
        make_folder(path.parent)
        if path.parent.name == PICTURES:  # to wait for the disk after each of thousands takes minutes
            with storage_errors(path):
                path.write_bytes(content)
        else:
            write_atomic(path, content)
    done.files += list(files)


def _script(header: Bundle, here: RunImages) -> dict[str, bytes]:
    text, split = train_script.train_script(header, here), split_file(here)
    files = {SCRIPT: text.encode("utf-8"), SPLIT: split.content.encode("utf-8")}
    files |= {f"{PICTURES}/{name}": content for name, content in split.pictures()}
    start = train_script.start_weights(card_facts.source_of(header), here.config)
    if start is not None and start.is_file() and start.stat().st_size <= LARGEST_START:
        files[train_script.START] = start.read_bytes()
    return files


def _timm(header: Bundle, network: Network) -> dict[str, bytes]:
    config = timm_folder.timm_config(network, Geometry.from_json(header.preprocessing))
    return {timm_folder.FILE: (json.dumps(config, indent=2) + "\n").encode("utf-8")}


def _adapter(header: Bundle, network: Network) -> dict[str, bytes]:
    return {f"{adapter.FOLDER}/{name}": held for name, held in adapter.lora_adapter(network, header).files.items()}


def _card(
    run: RunFolder, header: Bundle, network: Network, here: RunImages | None, files: list[str]
) -> dict[str, bytes]:
    try:
        source = card_facts.source_of(header)
    except TlvizError:  # it has gone; what is left to say is its architecture
        name = network.spec.architecture
        source = replace(network.spec, name=name, title=name, source="pictures that are not known")
    told = card_facts.card_facts(run, header, source, here, files)
    return {**card.card_pictures(told), card.FILE: card.model_card(told).encode("utf-8")}
