"""Writing a run's best weights in the formats on offer, each reloaded from disk and compared before it counts."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import torch

from tlviz.data.images import load_images
from tlviz.data.splits import split_images
from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.export.bundle import Agreement, compare, geometry_of, load_bundle, portable_weights
from tlviz.finetune.config import FinetuneConfig
from tlviz.home import make_folder, write_atomic
from tlviz.models.load import Network, build_module, describe
from tlviz.runs.folder import RunFolder


class Format(StrEnum):
    """The file formats of an export."""

    SAFETENSORS = "safetensors"
    PT = "pt"


@dataclass(frozen=True, slots=True)
class Export:
    """The written files, and for each format how the reloaded file agrees with the run on its validation images."""

    files: dict[str, str]
    checks: dict[str, Agreement]


def parse_formats(names: str) -> list[Format]:
    """Read a comma-separated list of formats.  Raises ``BadSettingError`` for one that is not on offer."""
    known = {form.value for form in Format}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise BadSettingError(f"formats is '{names}'; it must be one or more of {', '.join(sorted(known))}.")
    return [Format(name) for name in wanted]


def export_run(
    run: RunFolder, to: Path, formats: Sequence[Format], progress: Callable[[int, int], None] | None = None
) -> Export:
    """Write a run's best weights into a folder and check every file by reloading it.

    Raises ``BadWeightsError`` where the run has none, ``StorageError`` where the folder cannot be written.
    """
    if not run.weights.exists():
        raise BadWeightsError(f"The run {run.name} has saved no weights, so there is nothing to export.")
    network = load_bundle(run.weights)
    config = FinetuneConfig.from_json(run.config()["settings"])
    images = load_images(config.data, geometry_of(config))
    validation = split_images(images.labels, images.parts, config.seed).validation
    make_folder(to)
    files: dict[str, str] = {}
    checks: dict[str, Agreement] = {}
    for form in formats:
        path = to / f"{run.name}.{form}"
        write_atomic(path, _content(run, network, form))
        files[form] = str(path)
        checks[form] = compare(network, _reload(path, network, form), images, validation, progress)
    return Export(files, checks)


def _content(run: RunFolder, network: Network, form: Format) -> bytes:
    if form is Format.SAFETENSORS:
        return run.weights.read_bytes()
    buffer = io.BytesIO()
    torch.save(portable_weights(network), buffer)
    return buffer.getvalue()


def _reload(path: Path, network: Network, form: Format) -> Network:
    if form is Format.SAFETENSORS:
        return load_bundle(path)
    module = build_module(network.spec, len(network.classes))
    module.load_state_dict(torch.load(path, weights_only=True), strict=True)
    return describe(network.spec, module.eval(), network.classes)
