"""Arrays that took a while to compute, found again on disk by what they were made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlviz.disk_cache import Arrays, keep_arrays, read_arrays
from tlviz.home import cache_folder

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
    return read_arrays(kept_path(kind, key))


def keep(kind: str, key: str, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays in one step.  Raises ``StorageError`` where the disk refuses."""
    keep_arrays(kept_path(kind, key), arrays, _KEEP)
