"""A target ready for use: its images decoded once into a uint8 array on disk, with labels and parts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.ingest import Geometry, ingest
from tlviz.data.pixels.lazy_rows import PixelRows
from tlviz.data.pixels.pictures import Pixels
from tlviz.data.pixels.problem import Problem
from tlviz.data.pixels.ranges import Settled
from tlviz.data.sources.archive import is_archive, unpack
from tlviz.data.sources.catalogue import SHIPPED, DatasetSpec
from tlviz.data.sources.digits import digits_target
from tlviz.data.sources.folder import given_path, scan_folder
from tlviz.data.sources.given_file import is_table, refuse_file, refuse_no_file
from tlviz.data.sources.notes import excluded_names, remembered_reading
from tlviz.data.sources.public import PUBLIC, PublicSpec, public_target
from tlviz.data.sources.reading import GUESSED, UNSAID, LeftOut, ReadAs, Reading
from tlviz.data.sources.recent import note_recent, own_name
from tlviz.data.sources.store import list_stored, note_of_stored, stored, stored_title
from tlviz.data.sources.target import Target, as_decided, folder_target
from tlviz.data.texts.recognise import is_lines, recognised
from tlviz.data.texts.rows import TokenRows
from tlviz.data.texts.source import TextForm
from tlviz.data.training.flips import suggest_may_flip
from tlviz.errors import BadDatasetError, BadSettingError, UnknownNameError
from tlviz.medium import Medium, need_alike

Progress = Callable[[int, int], None]
Rows = Pixels | PixelRows | TokenRows
"""The items of a decoded target."""
Form = Geometry | TextForm
"""How the items of a target are brought into the one form that a network takes."""
DEEP_ACTION = "kept; --value-range, --bands and --no-data, or the Target page, choose otherwise"


@dataclass(frozen=True, slots=True)
class ImageSet:
    """A decoded target: ``pixels`` uint8 (N, S, S, 3), a memory map; ``labels`` (N,); ``parts`` and ``names`` (N).

    Of texts ``pixels`` holds the token numbers, see ``rows``.

    ``excluded`` names the pictures that the person has taken out; ``groups`` (N), where there are any, which pictures
    must share a part, as in ``Target``; ``reading`` how the target was read.  ``depth`` is how its deep pictures, if it
    has any, were brought to 8 bits: by their own common range, unless the person said otherwise; ``deep`` counts them.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    pixels: Pixels | PixelRows
    labels: NDArray[np.int64]
    parts: tuple[str, ...]
    names: tuple[str, ...]
    problems: tuple[Problem, ...]
    may_flip: bool
    excluded: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    reading: Reading = UNSAID
    left_out: tuple[LeftOut, ...] = ()
    depth: Depth = AS_STORED
    deep: int = 0
    medium: Medium = Medium.PICTURES

    @property
    def rows(self) -> Rows:
        """The items as their medium has them: ``pixels``, or token numbers of texts."""
        return cast(Rows, self.pixels)

    @property
    def digest(self) -> str:
        """Return a fingerprint of which pictures these are, in which classes, parts and groups."""
        rows = zip(self.names, self.labels.tolist(), self.parts, strict=True)
        every = (self.classes, *rows, self.groups) if self.groups else (self.classes, *rows)
        lines = "\n".join("\t".join(map(str, row)) for row in every)
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def find_dataset(name: str) -> DatasetSpec | PublicSpec | Path:
    """Return a catalogue row or a public dataset by its name, or the path of a folder, an archive or a table.

    A stored target, unpacked before, is also found by its name.  Raises ``UnknownNameError`` for what is neither a
    name nor written like a path.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    if name in PUBLIC:
        return PUBLIC[name]
    path = given_path(name)
    if path.exists() or len(path.parts) > 1:
        return path
    known = [*SHIPPED, *PUBLIC, *(folder.name for folder in list_stored())]
    if (folder := stored(name)) is not None:
        return folder
    raise UnknownNameError("target or folder", name, known)


def dataset_title(name: str) -> str:
    """Return how a target is called where a person reads: its title, the name it was given, or its folder's name."""
    if name in SHIPPED:
        return SHIPPED[name].title
    if name in PUBLIC:
        return PUBLIC[name].title
    folder = stored(name)
    return own_name(str(folder.resolve()) if folder else name) or stored_title(folder or Path(name))


def medium_of(name: str, read_as: ReadAs | None = None) -> Medium:
    """Return what a target is made of, by name or path.  Raises what ``open_target`` raises."""
    dataset = find_dataset(name)
    if isinstance(dataset, DatasetSpec):
        return dataset.medium
    return Medium.PICTURES if isinstance(dataset, PublicSpec) else recognised(dataset, read_as or GUESSED)


def open_target(
    name: str, unpacking: Progress | None = None, *, must_train: bool = True, read_as: ReadAs | None = None
) -> Target:
    """Describe a target by name or path without opening its pictures; an archive is unpacked where it was not before.

    ``unpacking`` is called with the bytes done and in all; ``must_train`` False lets classes without training pictures
    through.  ``read_as`` is how to read it; None is what the person decided before, if anything.
    Raises ``BadDatasetError`` where there is nothing to learn from.
    """
    dataset = find_dataset(name)
    decided = remembered_reading(name) if read_as is None and not isinstance(dataset, Path) else read_as
    _check_kind(name, dataset, read_as or GUESSED)
    if not isinstance(dataset, Path):
        target = public_target(dataset) if isinstance(dataset, PublicSpec) else _bundled(dataset)
        return replace(as_decided(_as_it_comes(target), decided or GUESSED), identity=name)
    title = Path(name).name
    if (is_archive(dataset) or is_table(dataset)) and not dataset.is_dir():
        refuse_no_file(dataset)
    if is_archive(dataset) and not dataset.is_dir():
        dataset, title = unpack(dataset, unpacking), dataset.name
    identity = str(dataset.resolve())
    read_as = remembered_reading(identity) if read_as is None else read_as
    if recognised(dataset, read_as) is Medium.TEXTS:
        from tlviz.data.texts.target import text_target  # takes a tenth of a second to import

        target = text_target(dataset, title, read_as, must_train=must_train)
    elif is_table(dataset) and not dataset.is_dir():
        from tlviz.data.sources.table import table_target  # takes a tenth of a second to import

        target = table_target(dataset, read_as, must_train=must_train)
    else:
        refuse_file(dataset)
        target = _folder(dataset, title, read_as, must_train=must_train)
    return replace(as_decided(target, read_as), identity=identity, title=own_name(identity) or target.title)


def _check_kind(name: str, dataset: DatasetSpec | PublicSpec | Path, read_as: ReadAs) -> None:
    """Raise ``BadSettingError`` where something is decided about a target that is not decided about its kind."""
    columns = {
        "label column": read_as.label_column,
        "path column": read_as.path_column,
        "split column": read_as.split_column,
        "group column": read_as.group_column,
    }
    column = next((what for what, given in columns.items() if given), None)
    of_folders = "layout" if read_as.layout else "class pattern" if read_as.class_pattern else None
    if not isinstance(dataset, Path):
        if of_folders or column:
            raise BadSettingError(f"{name} comes with its classes; a {column or of_folders} cannot be chosen for it.")
    elif (is_table(dataset) or is_lines(dataset)) and dataset.is_file():
        if of_folders:
            raise BadSettingError(f"{name} is a table; a {of_folders} can be chosen for folders only.")
    elif column and dataset.exists():
        raise BadSettingError(f"{name} is no table; a {column} can be chosen for a CSV only.")


def settle(name: str, unpacking: Progress | None = None, read_as: ReadAs | None = None) -> str:
    """Check that a target can be opened, and return the name that finds it from anywhere, later too.

    ``read_as`` goes before what the person decided earlier.  An archive is unpacked and its folder returned.  The
    target is then among the recent ones.
    Raises what ``open_target`` raises.
    """
    return open_settled(name, unpacking, read_as)[0]


def open_settled(name: str, unpacking: Progress | None = None, read_as: ReadAs | None = None) -> tuple[str, Target]:
    """Return what ``settle`` does, and the target itself.  Raises what ``open_target`` raises."""
    dataset = find_dataset(name)
    if isinstance(dataset, Path):
        is_packed = is_archive(dataset) and dataset.is_file()
        name = str(unpack(dataset, unpacking) if is_packed else dataset.resolve())
    if read_as is not None:
        read_as = read_as.over(remembered_reading(name))
    target = open_target(name, read_as=read_as)
    note_recent(target.identity, len(target.classes), len(target.names), target.medium)
    return name, target


def load_images(
    name: str,
    geometry: Form,
    progress: Progress | None = None,
    unpacking: Progress | None = None,
    read_as: ReadAs | None = None,
    *,
    find_range: bool = True,
) -> ImageSet:
    """Open a target by name or path, decoding it only where that was not done before for this geometry.

    Pictures that the person has excluded are left out; ``read_as`` is as in ``open_target``, ``find_range`` as in
    ``ingest``.
    Raises ``BadDatasetError`` where there is nothing to learn from and ``StorageError`` where it cannot be stored.
    """
    target = open_target(name, unpacking, read_as=read_as)
    return load_opened(name, target, geometry, progress, find_range=find_range)


def load_opened(
    name: str, target: Target, geometry: Form, progress: Progress | None = None, *, find_range: bool = True
) -> ImageSet:
    """Do what ``load_images`` does with a target that is open already.  Raises what it raises."""
    every = decode_target(name, target, geometry, progress, find_range=find_range)
    images = leave_out(every, excluded_names(target.identity))
    if len(np.unique(images.labels)) < 2:
        raise BadDatasetError(
            f"Fewer than two classes of {name} have pictures that can be opened and are not excluded; "
            "replace the files or include pictures again."
        )
    return images


def decode_target(
    name: str, target: Target, geometry: Form, progress: Progress | None = None, *, find_range: bool = True
) -> ImageSet:
    """Decode the pictures of a target or a sample of one, and no others.  Raises what ``ingest`` raises."""
    refusal = need_alike("The network", geometry.medium, target.title, target.medium)
    if refusal:
        raise BadDatasetError(refusal)
    decoded = _DECODERS[target.medium](target.sources, at_depth(geometry, target), progress, find_range=find_range)
    return ImageSet(
        name=name,
        title=target.title,
        classes=target.classes,
        pixels=decoded.pixels,
        labels=target.labels[decoded.kept],
        parts=tuple(target.parts[at] for at in decoded.kept),
        names=tuple(target.names[at] for at in decoded.kept),
        problems=target.problems + decoded.problems + _deep_problem(target, decoded.settled),
        may_flip=target.may_flip,
        groups=tuple(target.groups[at] for at in decoded.kept) if target.groups else (),
        reading=target.reading,
        left_out=(*target.left_out, *_unreadable(target, decoded.problems)),
        depth=decoded.settled.depth,
        deep=decoded.settled.count,
        medium=target.medium,
    )


def _decode_texts(sources: Sequence[Any], form: Any, progress: Progress | None, **_: bool) -> Any:
    from tlviz.data.texts.decode import decode_texts  # imports the tokenizers

    return decode_texts(sources, form, progress)


_DECODERS: Mapping[Medium, Callable[..., Any]] = {Medium.PICTURES: ingest, Medium.TEXTS: _decode_texts}
"""How the sources of each medium become rows."""


def at_depth(geometry: Form, target: Target) -> Form:
    """Return a geometry with what the person decided about a target's deep pictures, where it does not say itself."""
    return replace(geometry, depth=geometry.depth.over(target.depth))


def _unreadable(target: Target, problems: Sequence[Problem]) -> tuple[LeftOut, ...]:
    """Name the pictures that could not be opened as the target does."""
    names = {source.name: name for source, name in zip(target.sources, target.names, strict=True)}
    return tuple(LeftOut(names.get(one.path, one.path), one.problem) for one in problems if one.action == "left out")


def leave_out(images: ImageSet, names: Collection[str]) -> ImageSet:
    """Return a target without the named pictures; nothing is copied or decoded."""
    rows = np.array([at for at, name in enumerate(images.names) if name not in names], dtype=np.int64)
    if len(rows) == len(images.names):
        return images
    return replace(
        images,
        pixels=some_rows(images.rows, rows),
        labels=images.labels[rows],
        parts=tuple(images.parts[at] for at in rows),
        names=tuple(images.names[at] for at in rows),
        groups=tuple(images.groups[at] for at in rows) if images.groups else (),
        excluded=tuple(name for name in images.names if name in names),
    )


def some_rows(items: Rows, rows: NDArray[np.int64]) -> Any:
    """Return a view of some rows, of the same kind; nothing is copied."""
    return items.take(rows) if isinstance(items, TokenRows) else PixelRows(items, rows)


def _as_it_comes(target: Target) -> Target:
    """Say how a target is read that nobody can read otherwise."""
    if target.folder is None:
        words = f"{len(target.classes):,} classes, as the data set names them"
        return replace(target, reading=Reading(layout=words))
    return replace(target, reading=replace(target.reading, layouts=()))


def _bundled(dataset: DatasetSpec) -> Target:
    if dataset.table is not None:
        from tlviz.data.texts.table import text_table  # takes a tenth of a second to import

        return replace(text_table(dataset.table), title=dataset.title, where=dataset.title)
    if dataset.folder is None:
        return digits_target(dataset)
    where = f"The folder {dataset.folder}"
    return folder_target(scan_folder(dataset.folder), dataset.title, where, may_flip=dataset.may_flip)


def _deep_problem(target: Target, settled: Settled) -> tuple[Problem, ...]:
    if not settled.count:
        return ()
    path = str(target.folder.root) if target.folder else target.identity or target.title
    return (Problem(path, settled.words, DEEP_ACTION),)


def _noted(note: dict[str, Any], kind: str, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield what a note says of files, whatever was done to the note."""
    listed = note.get(kind)
    for said in listed if isinstance(listed, list) else ():
        if isinstance(said, dict):
            yield tuple(str(said.get(name, "")) for name in names)


def _folder(path: Path, title: str, read_as: ReadAs, *, must_train: bool) -> Target:
    """Describe a folder, the pictures of an unpacked archive included, with what was odd about the archive."""
    note = note_of_stored(path)
    title = stored_title(path) if note else title
    root = path / str(note.get("root", "."))
    index = scan_folder(root, read_as=read_as, must_train=must_train)
    target = folder_target(index, title, f"The folder {root}", may_flip=suggest_may_flip(title, index.classes))
    noted = tuple(Problem(*said) for said in _noted(note, "problems", ("path", "problem", "action")))
    left_out = tuple(LeftOut(*said) for said in _noted(note, "left_out", ("path", "reason")))
    return replace(target, problems=(*noted, *target.problems), left_out=(*left_out, *target.left_out))
