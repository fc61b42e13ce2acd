"""A capped, stratified sample of a target, chosen before anything is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tlviz.data.images import open_target
from tlviz.data.sources.notes import excluded_names
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.target import Target
from tlviz.errors import BadDatasetError

FEWEST = 5
"""Classes with fewer images give no reliable result."""
PER_CLASS = 10
"""Where there are many classes, this many images of a few classes are worth more than one image of every class."""
_NAMED = 3

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chosen:
    """``rows`` (n,) of a target, sorted; ``available`` is how many it could have been; ``notes`` say what was left."""

    rows: Ints
    available: int
    notes: tuple[str, ...]


def choose_rows(labels: Ints, classes: Sequence[str], parts: Sequence[str], limit: int) -> Chosen:
    """Choose at most about ``limit`` images, a like share of each class and at least 5, evenly spaced within it.

    Test images stay unseen.  Classes with fewer than 5 images are left out, and where there are more than a tenth of
    the limit, so are some classes.  The same target always gives the same sample.
    Raises ``BadDatasetError`` where fewer than two classes are left.
    """
    seen = np.array([part != "test" for part in parts], dtype=bool)
    members = {label: np.flatnonzero(seen & (labels == label)) for label in np.unique(labels[seen]).tolist()}
    kept = {label: rows for label, rows in members.items() if len(rows) >= FEWEST}
    small = [classes[label] for label in members if label not in kept]
    if len(kept) < 2:
        raise BadDatasetError(
            f"A profile needs at least two classes with {FEWEST} images each, test images aside; only {len(kept)} of "
            f"{len(members)} has that many. Add images, or include excluded ones again."
        )
    notes = [f"Left out for having fewer than {FEWEST} images: {_listed(small)}."] if small else []
    found, available = len(kept), sum(map(len, kept.values()))
    if found > max(2, limit // PER_CLASS):
        numbers = np.linspace(0, found - 1, max(2, limit // PER_CLASS)).round().astype(int)
        kept = {label: kept[label] for label in np.array(list(kept))[numbers].tolist()}
        notes.append(f"{len(kept):,} of {found:,} classes were used, evenly spaced.")
    in_those = sum(map(len, kept.values()))
    shares = {label: max(FEWEST, limit * len(rows) // in_those) for label, rows in kept.items()}
    rows = np.sort(np.concatenate([_spaced(rows, shares[label]) for label, rows in kept.items()]))
    if len(rows) < available:
        notes.append(f"{len(rows):,} of {available:,} images were used, the same share of each class.")
    return Chosen(rows, available, tuple(notes))


def sample_target(name: str, limit: int, read_as: ReadAs | None = None) -> tuple[Target, Chosen]:
    """Describe a sample of a target by name or path, excluded pictures left out, without opening any picture.

    ``read_as`` is as in ``open_target``.

    Raises what ``open_target`` and ``choose_rows`` raise.
    """
    target = open_target(name, read_as=read_as)
    excluded = excluded_names(target.identity)
    included = np.array([at for at, name in enumerate(target.names) if name not in excluded], dtype=np.int64)
    parts = [target.parts[at] for at in included]
    chosen = choose_rows(target.labels[included], target.classes, parts, limit)
    rows = included[chosen.rows]
    sample = replace(
        target,
        sources=tuple(target.sources[at] for at in rows),
        names=tuple(target.names[at] for at in rows),
        labels=target.labels[rows],
        parts=tuple(target.parts[at] for at in rows),
        groups=tuple(target.groups[at] for at in rows) if target.groups else (),
    )
    return sample, chosen


def _spaced(rows: Ints, count: int) -> Ints:
    if count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(np.int64)]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
