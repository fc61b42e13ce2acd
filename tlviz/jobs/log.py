"""A worker's log: what it prints goes there, and where the disk has no room for it, it is left out."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress


class ForgivingLog(io.TextIOBase):
    """A stream of text into an open file that never fails: a full disk must not end what is being logged."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        """Write at once what there is room for, and say that all of it was written."""
        with suppress(OSError):
            os.write(self._descriptor, text.encode("utf-8", "backslashreplace"))
        return len(text)

    def fileno(self) -> int:
        """Return the descriptor of the file, for libraries that write to it themselves."""
        return self._descriptor

    def writable(self) -> bool:
        """Say that it is written to."""
        return True


def use_forgiving_logs() -> None:
    """Send what this process prints through such a log from now on."""
    if sys.__stdout__ is not None and sys.__stderr__ is not None:
        sys.stdout, sys.stderr = ForgivingLog(sys.__stdout__.fileno()), ForgivingLog(sys.__stderr__.fileno())
