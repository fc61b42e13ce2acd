"""Errors a person can act on: each message says what was wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class TlvizError(Exception):
    """A mistake or a circumstance that one sentence explains; never a defect of the program."""


class UnknownNameError(TlvizError):
    """A name that is in no table; suggests the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.4) or names[:8]
        hint = f"try one of: {', '.join(near)}" if near else "there is none yet"
        super().__init__(f"There is no {kind} called '{name}'; {hint}.")


class BadPictureError(TlvizError):
    """A file that cannot be opened as a picture."""


class NotAPictureError(BadPictureError):
    """A file whose content is something else than a picture of a known format."""


class TooLargeError(BadPictureError):
    """A picture with too many pixels to decode."""


class BadDatasetError(TlvizError):
    """A folder that cannot serve as a target."""


class BadSettingError(TlvizError):
    """A setting outside its range; names the setting, the value and the range."""


class BadWeightsError(TlvizError):
    """A weights file that is missing, damaged or made for another network."""


class BadRunError(TlvizError):
    """A file that is no run, or a run that cannot be taken in."""


class BadLessonError(TlvizError):
    """A file of the Learn page that cannot be used: a card, a glossary, a lesson."""


class StorageError(TlvizError):
    """A disk that is full, read-only or gone; what was written before is kept."""


def quoted(text: str, most: int = 80) -> str:
    """Return a value in quotes for a message: cut where it is long, on one line."""
    cut = text if len(text) <= most else f"{text[:most]} …"
    return f"'{cut if cut.isprintable() else ''.join(sign if sign.isprintable() else '?' for sign in cut)}'"


def listed(names: Iterable[str], most: int = 8) -> str:
    """Return the first of many names for a message, each cut where it is long, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return f"{', '.join(quoted(name, 40)[1:-1] for name in every[:most])}{more}"


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out: torch has a class for it on GPUs only, elsewhere a message."""
    words = str(error).lower()
    said = ("can't allocate memory", "not enough memory", "out of memory", "alloc_failed")
    is_known = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # imports no torch
    return is_known or any(part in words for part in said)
