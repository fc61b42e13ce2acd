"""How much of the source is left in runs, and how far that number can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tlviz.measures.accuracy import standard_error

_BEFORE = 48
"""The pictures of every reading by the versions that did not record their number."""


@dataclass(frozen=True, slots=True)
class SourceLeft:
    """The share of source pictures that are named as before, 0 to 1, its standard error, and how many pictures.

    ``share`` is None where too few pictures were left to tell.  ``error`` is None and ``pictures`` 0 where the backbone
    is the source's own, so that nothing was to be measured.  Of several seeds the share is their mean, the error also
    holds how far they differ, and the pictures are those of the seed that had the fewest.
    """

    share: float | None
    error: float | None
    pictures: int


def left_in_reading(reading: Mapping[str, Any]) -> SourceLeft | None:
    """Return what a reading (the event ``gauged``) says, None where the source has no classes or memory lacked."""
    share, pictures = reading.get("source_agreement"), reading.get("source_pictures")
    similarity = reading.get("similarity")
    values = list(similarity.values()) if isinstance(similarity, dict) else []
    if not isinstance(pictures, int) or isinstance(pictures, bool) or pictures < 0:
        pictures = 0 if values and all(value == 1 for value in values) else _BEFORE
        if share is None:
            return None
    if not isinstance(share, int | float) or not math.isfinite(share):
        return None if values else SourceLeft(None, None, pictures)
    is_measured = pictures > 0 and 0 <= share <= 1
    return SourceLeft(float(share), standard_error(share, pictures) if is_measured else None, pictures)


def left_in_runs(found: Sequence[SourceLeft | None]) -> SourceLeft | None:
    """Return what is left in runs that differ in their seed alone, None where it was not measured."""
    known = [left for left in found if left is not None]
    told = [(left.share, left.pictures) for left in known if left.share is not None]
    if not told:
        return min(known, key=lambda left: left.pictures, default=None)
    shares = [share for share, _ in told]
    mean, pictures = math.fsum(shares) / len(shares), min(count for _, count in told)
    if not pictures:
        return SourceLeft(mean, None, 0)
    squared = standard_error(mean, pictures) ** 2
    if len(shares) > 1:
        squared += math.fsum((share - mean) ** 2 for share in shares) / (len(shares) - 1) / len(shares)
    return SourceLeft(mean, math.sqrt(squared), pictures)


def forgot_words(left: SourceLeft | None) -> str:
    """Say what share of how many source pictures is no longer named as before, '' where it was not measured."""
    if left is None:
        return ""
    if left.share is None:
        return "too few pictures to tell"
    if not left.pictures:
        return f"{1 - left.share:.0%}"
    return f"{1 - left.share:.0%}{_plus_minus(left)} of {left.pictures} pictures"


def kept_words(left: SourceLeft | None) -> str | None:
    """Say what share is named as before, with its standard error, None where it is not known."""
    return None if left is None or left.share is None else f"{left.share:.1%}{_plus_minus(left, 1)}"


def _plus_minus(left: SourceLeft, digits: int = 0) -> str:
    return f" ± {left.error:.{digits}%}" if left.error is not None else ""
