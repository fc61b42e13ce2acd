"""Writing a run's best weights in the formats on offer, each reloaded from disk and compared before it counts."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import Indices
from tlviz.errors import BadDatasetError, BadSettingError, BadWeightsError, UnknownNameError
from tlviz.export.bundle import Agreement, Bundle, compare, load_bundle, portable_weights, read_header
from tlviz.export.run_images import load_run_images
from tlviz.home import forget, make_folder, write_atomic
from tlviz.models.build import build_module
from tlviz.models.load import Network, describe
from tlviz.runs.store.folder import RunFolder

TOLERANCE = 1e-4
"""The largest difference of a logit that still counts as agreement; the formats here reach 0."""


class Format(StrEnum):
    """The file formats of an export."""

    SAFETENSORS = "safetensors"
    PT = "pt"


@dataclass(frozen=True, slots=True)
class Export:
    """The written files, and how each, reloaded, agrees with the run on its validation images; None without images."""

    files: dict[str, str]
    checks: dict[str, Agreement | None]


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
    make_folder(to)
    source = to / f".{run.name}.source"
    write_atomic(source, run.weights.read_bytes())  # a run that goes on may replace its weights meanwhile
    try:
        network = load_bundle(source)
        validation = _validation(read_header(source))
        files: dict[str, str] = {}
        checks: dict[str, Agreement | None] = {}
        for form in formats:
            path = to / f"{run.name}.{form}"
            write_atomic(path, _content(source, network, form))
            files[form] = str(path)
            checks[form] = _check(network, path, form, validation, progress)
        return Export(files, checks)
    finally:
        forget(source)


def _validation(header: Bundle) -> tuple[ImageSet, Indices] | None:
    """Return a run's images and which of them validate, or None where they are no longer there."""
    try:
        here = load_run_images(header)
    except (BadDatasetError, UnknownNameError):
        return None
    return here.images, here.split.validation


def _check(
    network: Network,
    path: Path,
    form: Format,
    validation: tuple[ImageSet, Indices] | None,
    progress: Callable[[int, int], None] | None,
) -> Agreement | None:
    """Compare a written file with the run; take the file away where it does not agree."""
    if validation is None:
        return None
    agreement = compare(network, _reload(path, network, form), *validation, progress)
    if agreement.top1_agreement < 1 or agreement.max_logit_difference > TOLERANCE:
        path.unlink()
        raise BadWeightsError(
            f"The exported file {path.name} gives other answers than the run ({agreement.top1_agreement:.1%} agree, "
            f"largest difference {agreement.max_logit_difference:g}), so it was not kept."
        )
    return agreement


def _content(source: Path, network: Network, form: Format) -> bytes:
    if form is Format.SAFETENSORS:
        return source.read_bytes()
    buffer = io.BytesIO()
    torch.save(portable_weights(network), buffer)
    return buffer.getvalue()


def _reload(path: Path, network: Network, form: Format) -> Network:
    if form is Format.SAFETENSORS:
        return load_bundle(path)
    module = build_module(network.spec, len(network.classes))
    module.load_state_dict(torch.load(path, weights_only=True), strict=True)
    return describe(network.spec, module.eval(), network.classes)
