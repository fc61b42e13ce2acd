"""The doctor of datasets: each file is read and decoded once, for its facts and for its features."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image

from tlviz.cores import usable_cores
from tlviz.data.doctor.checks import check_broken, check_files, check_groups
from tlviz.data.doctor.duplicates import Ints, find_groups
from tlviz.data.doctor.findings import Finding, Kind, Report, Severity, worst_first
from tlviz.data.doctor.group_checks import check_declared_groups, check_suggested_groups
from tlviz.data.doctor.inspect_file import Broken, Facts, Failure, inspect_file
from tlviz.data.doctor.inventory import Inventory, PictureFile, take_inventory
from tlviz.data.doctor.set_checks import check_classes, check_mixture
from tlviz.data.images import DEEP_ACTION, medium_of, open_target
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.pictures import Fit, Pixels, fit_picture
from tlviz.data.pixels.pixel_cache import digest
from tlviz.data.pixels.ranges import Settled, settle
from tlviz.data.sources.notes import excluded_names
from tlviz.data.sources.reading import ReadAs
from tlviz.data.texts.source import TextForm
from tlviz.disk_cache import keep_file
from tlviz.home import cache_folder
from tlviz.medium import Medium
from tlviz.models.catalogue import ENCODERS, find_model
from tlviz.small_files import MB, check_types, read_json

# torch takes seconds to import, and a look without features needs none of it.
if TYPE_CHECKING:
    from tlviz.diagnose.features import Features

_FORMAT = 3
_KEEP = 64
"""Reports kept on disk; the oldest go first."""
NETWORK = "squeezenet1_1"
SIZE = 128
BATCH = 64
ALIKE = 8
"""A crop is looked for in this many pictures that the network finds most alike."""
AHEAD = 4 * BATCH
"""This many files are read ahead of the network, which bounds the memory."""

Progress = Callable[[str, int, int], None]
Seen = tuple[Facts | Broken, Pixels | None]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Looked:
    """The pictures that can be opened, their facts, and features (N, D) where wanted; and the files that cannot."""

    files: list[PictureFile]
    facts: list[Facts]
    features: Features | None
    broken: list[tuple[PictureFile, Broken]]


def check_dataset(
    name: str, *, features: bool = True, progress: Progress | None = None, read_as: ReadAs | None = None
) -> Report:
    """Return the doctor's report on a target by name or folder, from the cache where nothing changed since.

    ``progress`` gets what is being done, how much of it is done and how much there is; it may raise to end the check.
    ``read_as`` is as in ``open_target``.
    Raises ``BadDatasetError`` where there are no pictures in at least two classes.
    """
    if medium_of(name, read_as) is not Medium.PICTURES:
        return _check_texts(name, read_as)
    inventory = take_inventory(name, read_as)
    path = cache_folder("doctor") / f"{_key(inventory, features=features)}.json"
    report = _stored(path)
    if report is None:
        settled = _settled(inventory)
        looked = _look(inventory.files, features, settled.depth, progress or (lambda *_: None))
        report = _examine(name, inventory, looked, settled, progress or (lambda *_: None))
        # A permission or a network drive may come back without the file's size or time changing.
        if not any(why.failure is Failure.UNREADABLE for _, why in looked.broken):
            keep_file(path, json.dumps(report.to_json()).encode(), _KEEP)
    return report.with_exclusions(excluded_names(inventory.identity))


def _check_texts(name: str, read_as: ReadAs | None) -> Report:
    """Return the report on a target of texts, which takes a moment and is not kept."""
    from tlviz.data.texts.doctor import check_texts
    from tlviz.modality import form_of

    target = open_target(name, must_train=False, read_as=read_as)
    form = form_of(next(iter(ENCODERS.values())))
    assert isinstance(form, TextForm)  # noqa: S101 (an encoder takes no other)
    return check_texts(target, form).with_exclusions(excluded_names(target.identity))


def known_report(name: str, read_as: ReadAs | None = None) -> Report | None:
    """Return the report on a target as it is now if there is one, with features or without, without checking.

    ``read_as`` is how the target is read, as in ``open_target``.
    """
    if not any(cache_folder("doctor").glob("*.json")):
        return None  # listing every file costs more than starting a run
    if medium_of(name, read_as) is not Medium.PICTURES:
        return None
    readings: list[ReadAs | None] = [read_as]
    if read_as is not None:  # copies are copies without groups, and at another depth, too
        plainer = replace(read_as, group_column=None, group_pattern=None).without_depth()
        readings += [plainer] if plainer != read_as else []
    for reading in readings:
        inventory = take_inventory(name, reading)
        for features in (True, False):
            report = _stored(cache_folder("doctor") / f"{_key(inventory, features=features)}.json")
            if report:
                return report.with_exclusions(excluded_names(inventory.identity))
    return None


def _settled(inventory: Inventory) -> Settled:
    """Return how training would bring the deep pictures to 8 bits."""
    stamps = [digest(file.stamp) for file in inventory.files]
    return settle([file.file for file in inventory.files], stamps, inventory.depth)


def _examine(name: str, inventory: Inventory, looked: _Looked, settled: Settled, progress: Progress) -> Report:
    files, facts = looked.files, looked.facts

    def check() -> None:
        progress("comparing pictures", len(files), len(files))

    groups = find_groups(facts, check, partial(_alike, looked.features) if looked.features is not None else None)
    findings = [
        *(check_broken(file, why) for file, why in looked.broken),
        *inventory.strays,
        *check_files(files, facts),
        *check_groups(files, facts, groups, inventory.classes),
        *check_declared_groups(files),
        *check_suggested_groups(inventory, files),
        *check_classes(inventory, files),
        *check_mixture(inventory.root, inventory.classes, files, facts),
    ]
    if settled.count:
        findings.append(Finding(inventory.root, Kind.DEEP, settled.words, DEEP_ACTION, Severity.NOTE))
    agreement = None
    if looked.features is not None:
        suspects, agreement = _suspects(looked, looked.features, groups, inventory.classes, check)
        findings.extend(suspects)
    return Report(name, inventory.classes, len(files), worst_first(findings), _named(files, groups), agreement)


def _look(files: Sequence[PictureFile], features: bool, depth: Depth, progress: Progress) -> _Looked:
    """Inspect all files in threads, and run the opened pictures through the network meanwhile if that is wanted."""
    opened: list[PictureFile] = []
    facts: list[Facts] = []
    broken: list[tuple[PictureFile, Broken]] = []

    def inspect(file: PictureFile) -> Seen:
        seen = inspect_file(file.read, file.path, depth)
        if isinstance(seen, Broken):
            return seen, None
        return seen[0], _square(seen[1]) if features else None

    def squares() -> Generator[Pixels]:
        """Sort what comes from the threads; hand on the small pictures."""
        with closing(_in_threads(inspect, files)) as results:
            for at, (file, (seen, square)) in enumerate(zip(files, results, strict=True), start=1):
                if isinstance(seen, Broken):
                    broken.append((file, seen))
                else:
                    opened.append(file)
                    facts.append(seen)
                if square is not None:
                    yield square
                progress("reading pictures", at, len(files))

    with closing(squares()) as stream:
        if features:
            return _Looked(opened, facts, _features(stream), broken)
        deque(stream, maxlen=0)
    return _Looked(opened, facts, None, broken)


def _features(squares: Iterator[Pixels]) -> Features | None:
    """Run pictures through the doctor's network as they come: (N, D), None where there are none."""
    from tlviz.diagnose.features import beside_other_threads, extract_batch
    from tlviz.models.load import load_network

    network = load_network(find_model(NETWORK))
    stage = network.stages[-2].name
    parts: list[Features] = []
    with beside_other_threads():
        while batch := list(islice(squares, BATCH)):
            parts.append(extract_batch(network, np.stack(batch), [stage])[stage])
    return np.concatenate(parts) if parts else None


def _square(rgb: Image.Image) -> Pixels:
    weights = find_model(NETWORK).pixels
    return fit_picture(rgb, SIZE, Fit.PAD, weights.interpolation, weights.crop_fraction)


def _alike(features: Features, groups: Ints) -> Ints:
    """Return the pictures (N, k) of other groups (N,) that the network finds most alike."""
    from tlviz.diagnose.label_noise import nearest_neighbours

    return nearest_neighbours(features, groups, min(ALIKE, len(features)))


def _suspects(
    looked: _Looked, features: Features, groups: Ints, classes: Sequence[str], check: Callable[[], None]
) -> tuple[list[Finding], float | None]:
    from tlviz.diagnose.label_noise import check_labels

    varied = np.array([at for at, fact in enumerate(looked.facts) if not fact.is_constant], dtype=np.int64)
    labels = np.array([file.label for file in looked.files], dtype=np.int64)
    result = check_labels(features[varied], labels[varied], groups[varied], check)
    if result is None:
        return [], None
    findings = []
    for suspect in result.suspects:
        file, nearest = looked.files[varied[suspect.at]], looked.files[varied[suspect.nearest]]
        problem = (
            f"labelled {classes[file.label]}, but what the other pictures teach says {classes[suspect.label]} "
            f"({suspect.other:.0%} against {suspect.own:.0%})"
        )
        action = "kept; check whether the label is right"
        found = Finding(file.path, Kind.LABEL_SUSPECT, problem, action, Severity.WARNING, file.name, (nearest.name,))
        findings.append(found)
    return findings, result.agreement


def _named(files: Sequence[PictureFile], groups: Ints) -> tuple[tuple[str, ...], ...]:
    members: dict[int, list[str]] = {}
    for file, group in zip(files, groups, strict=True):
        members.setdefault(int(group), []).append(file.name)
    return tuple(tuple(names) for names in members.values() if len(names) > 1)


def _in_threads(function: Callable[[T], R], items: Iterable[T]) -> Generator[R]:
    """Map in threads and in order, a bounded number of items ahead; what has not begun is dropped at an early end."""
    left = iter(items)
    pool = ThreadPoolExecutor(max_workers=usable_cores())
    try:
        futures: deque[Future[R]] = deque(pool.submit(function, item) for item in islice(left, AHEAD))
        while futures:
            result = futures.popleft().result()
            futures.extend(pool.submit(function, item) for item in islice(left, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


def _key(inventory: Inventory, *, features: bool) -> str:
    digest = hashlib.sha256(json.dumps([_FORMAT, features, inventory.root, inventory.classes]).encode())
    for file in inventory.files:
        digest.update(f"{file.name}|{file.label}|{file.part}|{file.stamp}\n".encode(errors="surrogateescape"))
    grouped = [(file.group, file.hints) for file in inventory.files if file.group or file.hints]
    if grouped:  # a report of before holds for a target without groups
        digest.update(repr(grouped).encode(errors="surrogateescape"))
    if inventory.depth != AS_STORED:
        digest.update(json.dumps(inventory.depth.to_json()).encode())
    met = [(problem.path, problem.problem) for problem in inventory.problems]
    met += [(stray.path, stray.problem) for stray in inventory.strays]
    digest.update(repr(met).encode(errors="surrogateescape"))
    return digest.hexdigest()[:24]


def _stored(path: Path) -> Report | None:
    try:
        report = Report.from_json(read_json(path, 256 * MB))
        check_types(report)
        return report
    except (OSError, ValueError, KeyError, TypeError):
        return None
