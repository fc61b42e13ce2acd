"""Arrays that took a while to compute, kept on disk: whole files or none, bounded in number."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlviz.home import cache_folder, forget, make_folder, write_atomic

Arrays = dict[str, NDArray[np.generic]]
_KEEP = 512
"""Files kept of one kind; the least recently used goes first."""


def keep_key(*parts: object) -> str:
    """Return the name under which something made of these parts is kept."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def kept_path(kind: str, key: str) -> Path:
    """Return where arrays of a kind are kept."""
    return cache_folder(kind) / f"{key}.npz"


def read_kept(kind: str, key: str) -> Arrays | None:
    """Return kept arrays, or None where there are none or their file is damaged."""
    path = kept_path(kind, key)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    try:
        os.utime(path)
    except OSError:  # a read-only cache still serves
        return arrays
    return arrays


def keep(kind: str, key: str, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays in one step.  Raises ``StorageError`` where the disk refuses."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    make_folder(cache_folder(kind))
    write_atomic(kept_path(kind, key), buffer.getvalue())
    _forget_oldest(cache_folder(kind))


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.glob("[!.]*.npz"), key=_last_use)
    for file in files[: max(0, len(files) - _KEEP)]:
        forget(file)


def _last_use(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # another process has just removed it
        return 0.0
