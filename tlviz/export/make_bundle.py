"""A run as a bundle: its files written, checked in an environment without tlviz, and handed over as a whole."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from tlviz.errors import BadWeightsError, StorageError, TlvizError
from tlviz.export.checking.check_bundle import EXACT, FLOAT32, Asked, check_bundle
from tlviz.export.checking.verdict import Check, CheckStatus
from tlviz.export.files.card import write_card
from tlviz.export.files.content import Content, load_content
from tlviz.export.files.table import FORMATS, Format, FormatSpec, Script, formats_of
from tlviz.export.files.write import Written, size_of, write_files
from tlviz.export.hand_over import check_destination, whole_folder, write_zip, zip_of
from tlviz.export.latencies import keep_latencies
from tlviz.export.run_weights import Weights, weights_of
from tlviz.home import storage_errors, write_text
from tlviz.medium import Medium
from tlviz.runs.store.folder import RunFolder

CHECKS = "checks.json"
_ROOM = 2**20
"""Less than this many bytes left on a disk means that it is full."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for: formats and weights, the folder, whether a ZIP beside it, whether to check."""

    formats: tuple[Format, ...]
    to: Path
    weights: Weights = Weights.BEST
    zipped: bool = False
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that is there: ``files`` by format, the check of each, why others were refused, and its ZIP."""

    folder: Path
    archive: Path | None
    epoch: int | None
    files: Mapping[str, Path]
    checks: Mapping[str, Check]
    refused: Mapping[str, str]

    @property
    def is_ready(self) -> bool:
        """Return whether no file failed its check."""
        return all(check.status is not CheckStatus.FAILED for check in self.checks.values())

    def to_json(self) -> dict[str, Any]:
        """Return what an event or ``--json`` says of it."""
        return {
            "folder": str(self.folder),
            "zip": str(self.archive) if self.archive else None,
            "epoch": self.epoch,
            "files": {name: str(path) for name, path in self.files.items()},
            "checks": {name: check.to_json() for name, check in self.checks.items()},
            "refused": dict(self.refused),
            "ready": self.is_ready,
        }


def make_bundle(run: RunFolder, wanted: Wanted, progress: Progress) -> Made:
    """Write what is wanted of a run, check it, and hand it over when all is done.

    Nothing is left where ``progress`` raises or anything fails; a format that cannot express the network is left out.
    Raises ``BadWeightsError`` where the run has no such weights or no format is left, and ``StorageError`` where the
    folder cannot be written or is not empty.
    """
    check_destination(wanted.to, zipped=wanted.zipped)
    archive = zip_of(wanted.to) if wanted.zipped else None
    with tempfile.TemporaryDirectory(prefix="tlviz-export-", ignore_cleanup_errors=True) as scratch:
        source = Path(scratch) / "source.safetensors"
        with storage_errors(source):
            source.write_bytes(weights_of(run, wanted.weights))  # a run that goes on may replace its own meanwhile
        content = load_content(source, run.name)
        with whole_folder(wanted.to) as part, _full_disk(wanted.to):
            written = _write(content, part, wanted.formats, progress)
            checks = _checked(run, content, part, written, progress) if wanted.checked else _unchecked(content, written)
            write_text(part / CHECKS, _told(checks))
            write_card(run, content, part)
            if archive is not None:
                write_zip(part, archive, wanted.to.name, progress)
    keep_latencies(content.network.spec.architecture, content.geometry.size, checks)
    epoch = content.header.training.get("epoch")
    return Made(
        folder=wanted.to,
        archive=archive,
        epoch=epoch if isinstance(epoch, int) else None,
        files={form.value: wanted.to / path.name for form, path in written.files.items()},
        checks=checks,
        refused={form.value: reason for form, reason in written.refused.items()},
    )


def ways(written: Mapping[Format, Path], medium: Medium = Medium.PICTURES) -> dict[str, Asked]:
    """Return how each written format is asked; those that no program of the bundle reads are left out."""
    specs = formats_of(medium)
    return {
        form.value: Asked(script.value.removesuffix(".py"), path.name, _limit(specs[form]))
        for form, path in written.items()
        if (script := specs[form].script) is not None
    }


def _limit(spec: FormatSpec) -> float | None:
    """Return how far the logits of a format may be off, None for one of lower precision, whose cost is measured."""
    if spec.is_variant:
        return None
    return EXACT if spec.script is Script.TORCH and spec.is_exact else FLOAT32


def _write(content: Content, folder: Path, formats: Sequence[Format], progress: Progress) -> Written:
    ordered = [form for form in FORMATS if form in formats]

    def tell(done: int, _total: int) -> None:
        if done < len(ordered):
            progress(f"writing {FORMATS[ordered[done]].file}", 0, 1)

    written = write_files(content, folder, ordered, tell)
    if not written.files:
        raise BadWeightsError(f"Nothing could be exported. {next(iter(written.refused.values()))}")
    return written


def _checked(run: RunFolder, content: Content, folder: Path, written: Written, progress: Progress) -> dict[str, Check]:
    checks = check_bundle(run, content.header, content.network, folder, ways(written.files, content.medium), progress)
    checks |= {
        form.value: Check(CheckStatus.NOT_RUN, FORMATS[form].unchecked)
        for form in written.files
        if form.value not in checks
    }
    return _complete(content, checks, written)


def _unchecked(content: Content, written: Written) -> dict[str, Check]:
    reason = "It was exported without the check."
    return _complete(content, {form.value: Check(CheckStatus.NOT_RUN, reason) for form in written.files}, written)


def _complete(content: Content, checks: Mapping[str, Check], written: Written) -> dict[str, Check]:
    """Return the checks in the order of the formats, with the sizes of the files, those that were refused included."""
    files = written.files.items()
    sized = {
        form.value: replace(checks[form.value], size_bytes=size_of(formats_of(content.medium)[form], path))
        for form, path in files
    }
    sized |= {form.value: Check(CheckStatus.NOT_RUN, reason) for form, reason in written.refused.items()}
    return {form.value: sized[form.value] for form in FORMATS if form.value in sized}


def _told(checks: Mapping[str, Check]) -> str:
    told = {name: check.to_json() for name, check in checks.items()}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


@contextmanager
def _full_disk(folder: Path) -> Iterator[None]:
    """Say that the disk is full where a library hides that behind an error of its own."""
    try:
        yield
    except TlvizError:
        raise
    except (RuntimeError, ValueError, SafetensorError) as error:
        if shutil.disk_usage(_existing(folder)).free > _ROOM:
            raise
        raise StorageError(
            f"The disk of {folder} is full. Free some space or choose another folder; nothing of the export was left."
        ) from error


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
