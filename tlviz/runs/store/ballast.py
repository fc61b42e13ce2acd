"""Room kept on the disk for a run's last words: where nothing more can be written, its end still can.

The file is written in place, which takes no new room; where a file system cannot do that, the file is given up for it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tlviz.home import storage_errors, write_atomic
from tlviz.runs.store.json_lines import append_line, is_event, write_all
from tlviz.small_files import DamagedFileError, parse_json, read_bytes

BALLAST = ".ballast"
BALLAST_BYTES = 64 * 1024
_WAITS_S = (0.0, 0.1, 0.3, 1.0)


def reserve(folder: Path) -> None:
    """Take the room, with bytes that no file system can leave out.  Raises ``StorageError``."""
    write_atomic(folder / BALLAST, b"\0" + os.urandom(BALLAST_BYTES - 1))


def say_last(folder: Path, events: Path, line: bytes) -> None:
    """Append the last event where there is room, else write it into the ballast.  Raises ``StorageError``."""
    ballast = folder / BALLAST
    with storage_errors(events):
        try:
            append_line(events, line)
        except OSError:
            if _write_in_place(ballast, line):
                return
            with suppress(OSError):
                ballast.unlink()
            _append_patiently(events, line)
    with suppress(OSError):
        ballast.unlink()


def last_words(folder: Path) -> dict[str, Any] | None:
    """Return the event that had to be written into the ballast, None where there is none."""
    try:
        line, mark, _ = read_bytes(folder / BALLAST, 2 * BALLAST_BYTES).partition(b"\n")
        event = parse_json(line) if mark and line.startswith(b"{") else None
    except (OSError, DamagedFileError):
        return None
    return event if is_event(event) else None


def _write_in_place(ballast: Path, line: bytes) -> bool:
    """Write a line over the beginning of the ballast; return whether it is on the disk."""
    content = line + b"\n"
    try:
        if len(content) > ballast.stat().st_size:
            return False
        descriptor = os.open(ballast, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return True


def _append_patiently(events: Path, line: bytes) -> None:
    """Append a line as soon as the room that was given up is there.  Raises ``OSError`` where it does not come."""
    for wait_s in _WAITS_S:
        time.sleep(wait_s)
        with suppress(OSError):
            append_line(events, line)
            return
    append_line(events, line)
