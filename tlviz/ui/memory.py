"""Memory that is free again goes back to the system, so that looking around for hours does not grow the app."""

from __future__ import annotations

import ctypes
import sys
import threading
import time

import streamlit as st

_EVERY_S = 0.2


class _Trimmer:
    """Asks the C library for it: feature maps come and go in pieces that it would keep between its arenas."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0.0
        library = ctypes.CDLL(None) if sys.platform == "linux" else None
        self._trim = getattr(library, "malloc_trim", None)  # the GNU library alone has it

    def trim(self) -> None:
        """Give back what is free, unless that was done a moment ago."""
        if self._trim is None or not self._lock.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._last > _EVERY_S:
                self._trim(0)
                self._last = time.monotonic()
        finally:
            self._lock.release()


@st.cache_resource(show_spinner=False)
def _trimmer() -> _Trimmer:
    return _Trimmer()


def give_back_memory() -> None:
    """Return free memory to the system, a few times a second at most; where the system has no such call, do nothing."""
    _trimmer().trim()
