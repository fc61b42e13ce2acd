"""Passes kept on disk, by network, pictures and size: a second look at the same target needs no network."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tlviz.data.pixels.pictures import Pixels
from tlviz.diagnose.stage_pass import Shift, StagePass
from tlviz.home import cache_folder, forget, make_folder, write_atomic

KEEP = 60
KEEP_BYTES = 2 * 2**30
"""Passes kept, and their size in all; the least recently used goes first."""
_FORMAT = 1


def cached_pass(identity: str, pixels: Pixels, run: Callable[[], StagePass]) -> StagePass:
    """Return the pass of a network over pictures, uint8 (N, S, S, 3), from disk where it was made before.

    ``identity`` changes with the network's weights and with what else decides the pass.  Raises ``StorageError``.
    """
    digest = hashlib.blake2b(f"{_FORMAT}|{identity}|{pixels.shape}".encode(), digest_size=12)
    digest.update(np.ascontiguousarray(pixels).data)
    path = cache_folder("features") / f"{digest.hexdigest()}.npz"
    found = _load(path)
    if found is None:
        found = run()
        make_folder(path.parent)
        write_atomic(path, _packed(found))
        _forget_oldest(path.parent)
    return found


def _packed(found: StagePass) -> bytes:
    arrays = {f"features {name}": values for name, values in found.features.items()}
    shifts = {f"shift {name}": np.array([s.distance, s.noise_of_halves]) for name, s in found.shifts.items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, forward_s=np.array(found.forward_s), **arrays, **shifts)
    return buffer.getvalue()


def _load(path: Path) -> StagePass | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        os.utime(path)
        named = [(*name.split(" ", 1), values) for name, values in arrays.items() if " " in name]
        features = {name: values for kind, name, values in named if kind == "features"}
        shifts = {name: Shift(float(values[0]), float(values[1])) for kind, name, values in named if kind == "shift"}
        return StagePass(features, shifts, float(arrays["forward_s"]))
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return None


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    sizes = [file.stat().st_size for file in files]
    while len(files) > 1 and (len(files) > KEEP or sum(sizes) > KEEP_BYTES):
        forget(files.pop(0))
        sizes.pop(0)
