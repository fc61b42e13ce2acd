"""The validation part of a run as the picture files that it came from, whatever has become of them since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tlviz.data.as_begun import open_as_begun
from tlviz.data.pixels.ingest import Source
from tlviz.errors import TlvizError
from tlviz.export.bundle import Bundle, read_header
from tlviz.export.media import export_side
from tlviz.export.run_images import load_run_images
from tlviz.finetune.config import FinetuneConfig
from tlviz.measures.paired import unpack_hits
from tlviz.medium import WORDS, Medium
from tlviz.runs.predictions import read_answers
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import summarise

Progress = Callable[[str, int, int], None]


class NothingToCheckError(TlvizError):
    """None of the pictures that a run was validated on can be found."""


@dataclass(frozen=True, slots=True)
class Validation:
    """Picture files with their labels: ``names``, ``labels`` and ``paths`` belong together.

    ``of`` is how many pictures the run was validated on; ``right`` which of them it named rightly in the exported
    epoch, as it recorded that then, None where it did not.  ``notes`` are sentences on what is not as it was.
    """

    names: tuple[str, ...]
    labels: tuple[int, ...]
    paths: tuple[Path, ...]
    right: tuple[bool, ...] | None
    of: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What a run noted of its validation pictures; ``is_known`` False where they had to be parted anew."""

    names: tuple[str, ...]
    labels: tuple[int, ...]
    is_known: bool


def find_validation(run: RunFolder, header: Bundle, medium: Medium, folder: Path, progress: Progress) -> Validation:
    """Return the files of a run's validation pictures, or texts, that are still there.

    Pictures that a target keeps in arrays, and texts, are written into ``folder`` without loss.
    Raises ``NothingToCheckError`` where none are left, and ``StorageError``.
    """
    config = FinetuneConfig.from_json(header.training.get("settings") or {})
    called = WORDS[medium].several
    try:
        target = open_as_begun(config.data, config.read_as, header.classes)
        sources = dict(zip(target.names, target.sources, strict=True))
        recorded = _recorded(run, header, progress)
    except TlvizError as error:
        raise NothingToCheckError(f"The run's {called} cannot be opened any more. {error}") from error
    here = [at for at, name in enumerate(recorded.names) if _is_there(sources.get(name))]
    if not here:
        raise NothingToCheckError(
            f"None of the {len(recorded.names):,} validation {called} of {config.data} is where it was."
        )
    names = tuple(recorded.names[at] for at in here)
    paths, written = _files([sources[name] for name in names], medium, folder, progress)
    right = _right(run, header, len(recorded.names)) if recorded.is_known else None
    return Validation(
        names=names,
        labels=tuple(recorded.labels[at] for at in here),
        paths=paths,
        right=tuple(right[at] for at in here) if right else None,
        of=len(recorded.names),
        notes=tuple(_notes(recorded, len(here), written, called)),
    )


def _recorded(run: RunFolder, header: Bundle, progress: Progress) -> _Recorded:
    """Return which pictures validated a run: as it noted them, else by parting its target as it was parted."""
    answers = read_answers(run, _epoch(read_header(run.weights)))
    if answers is not None:
        number = {name: at for at, name in enumerate(header.classes)}
        labels = tuple(number[answers.classes[label]] for label in answers.labels)
        return _Recorded(answers.names, labels, is_known=True)
    here = load_run_images(header, lambda done, total: progress("reading images", done, total))
    rows = here.split.validation
    begun = summarise(run).start_event
    is_known = begun.get("pictures", here.images.digest) == here.images.digest
    return _Recorded(
        tuple(here.images.names[at] for at in rows), tuple(int(here.images.labels[at]) for at in rows), is_known
    )


def _right(run: RunFolder, header: Bundle, count: int) -> list[bool] | None:
    """Return which validation pictures the exported epoch named rightly, None where that was not recorded."""
    epoch = _epoch(header)
    told = next((str(one.get("val_hits") or "") for one in summarise(run).epochs if one["epoch"] == epoch), "")
    hits = unpack_hits(told, count)
    return None if hits is None else [bool(hit) for hit in hits]


def _epoch(header: Bundle) -> int | None:
    epoch = header.training.get("epoch")
    return epoch if isinstance(epoch, int) else None


def _is_there(source: Source | None) -> bool:
    return source is not None and (source.path is None or source.path.is_file())


def _files(sources: Sequence[Source], medium: Medium, folder: Path, progress: Progress) -> tuple[tuple[Path, ...], int]:
    """Return a file for each picture or text, and how many pictures had to be written."""
    side, paths, written = export_side(medium), [], 0
    for at, source in enumerate(sources):
        path, is_written = side.item_file(source, folder / str(at))
        paths.append(path)
        written += is_written
        if is_written:
            progress("writing pictures", at + 1, len(sources))
    return tuple(paths), written


def _notes(recorded: _Recorded, here: int, written: int, called: str) -> list[str]:
    notes = []
    if here < len(recorded.names):
        notes.append(f"{here:,} of {len(recorded.names):,} validation {called} are still there; the others are gone.")
    if not recorded.is_known:
        notes.append(
            f"The run's {called} have changed and it did not note which of them validated it, so a part drawn anew was "
            "used; its accuracy is not that of the run."
        )
    if written:
        notes.append("The target keeps its pictures in arrays; they were written as PNG, without loss, to be read.")
    return notes
