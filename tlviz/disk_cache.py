"""Results kept on disk as whole files, bounded in number and size: the least recently used go first."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlviz import array_files
from tlviz.home import forget, make_folder, write_atomic

Arrays = dict[str, NDArray[Any]]


def keep_file(path: Path, content: bytes, most: int, most_bytes: float = float("inf")) -> None:
    """Write a file in one step and remove the oldest of its kind in its folder beyond the bounds; it stays itself.

    Raises ``StorageError`` where the disk refuses.
    """
    make_folder(path.parent)
    write_atomic(path, content)
    kept = [(*_state(file), file) for file in path.parent.glob(f"[!.]*{path.suffix}")]  # not what is being written
    number, size = len(kept), sum(size for _, size, _ in kept)
    for _, bytes_of_it, file in sorted(kept):
        if (number <= most and size <= most_bytes) or number == 1:
            break
        forget(file)
        number, size = number - 1, size - bytes_of_it


def keep_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], most: int, most_bytes: float = np.inf) -> None:
    """Write arrays as ``keep_file`` does.  Raises ``StorageError``."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    keep_file(path, buffer.getvalue(), most, most_bytes)


def read_arrays(path: Path) -> Arrays | None:
    """Return kept arrays and note that they were used; None where there are none or their file is damaged."""
    try:
        arrays = array_files.read_arrays(path, 4 * 2**30)  # this program's own, of any network
    except (OSError, ValueError):
        return None
    with suppress(OSError):  # a read-only cache still serves
        os.utime(path)
    return arrays


def _state(file: Path) -> tuple[float, int]:
    """Return when a file was last used and its bytes; it comes first where another process has just removed it."""
    try:
        state = file.stat()
    except OSError:
        return 0.0, 0
    return state.st_mtime, state.st_size
