"""Memory that is free again goes back to the system, so that looking around for hours does not grow the app."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def give_back_memory() -> None:
    """Return free memory to the system, which takes a few milliseconds; where it has no such call, do nothing.

    Feature maps come and go in pieces that the GNU C library would keep, in an arena for each thread that ran a page.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return getattr(library, "malloc_trim", None)  # the GNU library alone has it
