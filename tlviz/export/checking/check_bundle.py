"""The whole check of a bundle: its own programs open and name the validation pictures, and odd renderings of some."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlviz.errors import listed, quoted
from tlviz.export.bundle import Bundle
from tlviz.export.checking.own_answers import OwnAnswers
from tlviz.export.checking.process import BundleAnswers, ask_bundle
from tlviz.export.checking.renderings import spread
from tlviz.export.checking.validation import NothingToCheckError, Validation, find_validation
from tlviz.export.checking.verdict import Check, CheckStatus, Pictures, judge
from tlviz.export.media import export_side
from tlviz.medium import WORDS
from tlviz.models.load import Network
from tlviz.runs.store.folder import RunFolder

Progress = Callable[[str, int, int], None]

EXACT, FLOAT32 = 1e-6, 1e-4
"""The largest difference of a logit: for files that torch itself opens, and for those of another runtime."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file of a bundle is asked: by which of its programs, and how far its logits may be off, None for any."""

    program: str
    file: str
    limit: float | None = FLOAT32


def check_bundle(
    run: RunFolder, header: Bundle, network: Network, bundle: Path, ways: Mapping[str, Asked], progress: Progress
) -> dict[str, Check]:
    """Check files of a bundle by name and return how each did.

    ``header`` and ``network`` are those of the exported weights.  ``progress`` may raise, which ends everything.
    Raises ``StorageError`` where pictures cannot be written for it.
    """
    if not ways:
        return {}
    with tempfile.TemporaryDirectory(prefix="tlviz-check-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        try:
            validation = find_validation(run, header, network.spec.medium, scratch / "items", progress)
        except NothingToCheckError as error:
            return dict.fromkeys(ways, Check(CheckStatus.NOT_RUN, str(error)))
        renderings = export_side(network.spec.medium).odd_items(spread(validation.paths), scratch / "renderings")
        paths = [*validation.paths, *renderings.values()]
        asked = _asked(run, header, network, validation, [*validation.names, *renderings], paths, progress)
        if not len(asked.own.rows):
            words = f"None of the validation {asked.called} can be opened."
            return dict.fromkeys(ways, Check(CheckStatus.NOT_RUN, words))
        found: dict[str, Check] = {}
        for program in dict.fromkeys(way.program for way in ways.values()):
            mine = {name: way for name, way in ways.items() if way.program == program}
            files = [way.file for way in mine.values()]
            told = ask_bundle(bundle, program, files, paths, scratch, _named(program, progress))
            found |= {name: _judge(asked, told, way, header.classes) for name, way in mine.items()}
        return {name: found[name] for name in ways}


def _named(program: str, progress: Progress) -> Progress:
    return lambda doing, done, total: progress(f"{program}, {doing}", done, total)


def _asked(
    run: RunFolder,
    header: Bundle,
    network: Network,
    validation: Validation,
    names: Sequence[str],
    paths: Sequence[Path],
    progress: Progress,
) -> Pictures:
    """Return what the bundle is asked, with this program's own answers."""
    noted = np.frombuffer(run.prints() or b"", "<u4")
    medium = network.spec.medium
    own = export_side(medium).own_answers(network, header, paths, len(noted), progress)
    changed = _changed(own, noted, len(validation.names))
    notes = validation.notes
    if changed.any():
        which = listed((name for name, other in zip(validation.names, changed, strict=True) if other), 3)
        verb = f"{WORDS[medium].one} is" if changed.sum() == 1 else f"{WORDS[medium].several} are"
        notes += (f"{changed.sum():,} {verb} not what the run saw ({which}); the accuracies leave them out.",)
    return Pictures(
        names=names,
        labels=np.array(validation.labels, np.int64),
        own=own,
        right=np.array(validation.right, np.bool_) if validation.right is not None else None,
        changed=changed,
        validation_images=validation.of,
        notes=notes,
        called=WORDS[medium].several,
    )


def _changed(own: OwnAnswers, noted: NDArray[np.uint32], images: int) -> NDArray[np.bool_]:
    """Return which validation pictures have another content than when the run began, none where it noted nothing."""
    changed = np.zeros(images, np.bool_)
    if len(noted):
        of_images = own.rows < images
        changed[own.rows[of_images]] = ~np.isin(own.prints[of_images], noted)
        changed[np.setdiff1d(np.arange(images), own.rows)] = True
    return changed


def _judge(asked: Pictures, told: BundleAnswers, way: Asked, classes: Sequence[str]) -> Check:
    """Judge one file: by its answers, by the squares that it got, and by what its program calls the classes."""
    if told.error:
        reason = f"{way.program}.py does not work: {told.error}."
        return Check(CheckStatus.FAILED, reason, validation_images=asked.validation_images, notes=asked.notes)
    check = judge(asked, told.files[way.file], told.unread, way.limit)
    wrong = [words for words in (_labels(told, way, classes), _squares(asked, told, way)) if words]
    if not wrong:
        return check
    reasons = [*wrong, check.reason if check.status is CheckStatus.FAILED else None]
    return replace(check, status=CheckStatus.FAILED, reason=" ".join(filter(None, reasons)))


def _labels(told: BundleAnswers, way: Asked, classes: Sequence[str]) -> str:
    """Say that a program of the bundle names the outputs otherwise than the run, '' where it does not."""
    if told.labels is None or list(told.labels) == list(classes):
        return ""
    pairs = zip(told.labels, classes, strict=False)
    at, other = next(((at, mine) for at, (mine, own) in enumerate(pairs) if mine != own), (0, ""))
    if len(told.labels) != len(classes) or not other:
        return f"{way.program}.py names {len(told.labels):,} classes; the run has {len(classes):,}."
    return f"{way.program}.py calls output {at} {quoted(other, 40)}; in the run it is {quoted(classes[at], 40)}."


def _squares(asked: Pictures, told: BundleAnswers, way: Asked) -> str:
    """Say which pictures a program of the bundle reads otherwise than this one, '' where there are none."""
    mine = zip(map(int, asked.own.rows), asked.own.digests, strict=True)
    read = {row: digest for row, digest in mine if row not in told.unread}
    other = [asked.names[row] for row, digest in read.items() if told.digests[row] != digest]
    if not other:
        return ""
    made = f"makes other inputs of {len(other):,} of {len(read):,} {asked.called}"
    return f"{way.program}.py {made}: {listed(other, 3)}."
