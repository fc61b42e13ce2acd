"""Passes kept on disk, by network, pictures and size: a second pass over the same target needs no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tlviz.data.images import Rows
from tlviz.diagnose.stage_pass import Shift, StagePass
from tlviz.disk_cache import Arrays, keep_arrays, read_arrays
from tlviz.home import cache_folder

KEEP = 60
KEEP_BYTES = 2 * 2**30
"""Passes kept, and their size in all; the least recently used goes first."""
_FORMAT = 1
_FEATURES, _SHIFT = "features ", "shift "
"""What the names of the arrays begin with."""


def cached_pass(identity: str, pixels: Rows, run: Callable[[], StagePass]) -> StagePass:
    """Return the pass of a network over pictures, uint8 (N, S, S, 3), from disk where it was made before.

    ``identity`` changes with the network's weights and with what else decides the pass.  Raises ``StorageError``.
    """
    digest = hashlib.blake2b(f"{_FORMAT}|{identity}|{pixels.shape}".encode(), digest_size=12)
    digest.update(np.ascontiguousarray(pixels).data)
    path = cache_folder("features") / f"{digest.hexdigest()}.npz"
    found = _load(path)
    if found is None:
        found = run()
        keep_arrays(path, _packed(found), KEEP, KEEP_BYTES)
    return found


def _packed(found: StagePass) -> Arrays:
    arrays: Arrays = {f"{_FEATURES}{name}": values for name, values in found.features.items()}
    arrays |= {f"{_SHIFT}{name}": np.array([s.distance, s.noise_of_halves]) for name, s in found.shifts.items()}
    return arrays | {"forward_s": np.array(found.forward_s)}


def _load(path: Path) -> StagePass | None:
    arrays = read_arrays(path)
    if arrays is None:
        return None
    try:
        features = {name[len(_FEATURES) :]: values for name, values in arrays.items() if name.startswith(_FEATURES)}
        shifts = {
            name[len(_SHIFT) :]: Shift(float(values[0]), float(values[1]))
            for name, values in arrays.items()
            if name.startswith(_SHIFT)
        }
        return StagePass(features, shifts, float(arrays["forward_s"]))
    except (ValueError, KeyError, IndexError):
        return None
