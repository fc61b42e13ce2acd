"""What tests of real workers share: small targets, and waiting for what a worker does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.worker_lock import claimed


def two_colours(root: Path, count: int = 8, noise: int = 90) -> Path:
    """Write a target of two classes, red and blue, with so many small pictures each; more ``noise`` makes it harder."""
    generator = np.random.default_rng(0)
    for name, channel in (("red", 0), ("blue", 2)):
        (root / name).mkdir()
        for at in range(count):
            pixels = generator.integers(0, noise, (40, 40, 3), dtype=np.uint8)
            pixels[..., channel] += 210 - noise
            Image.fromarray(pixels).save(root / name / f"{at}.png")
    return root


def wait(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something is so, and fail where it takes too long."""
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "waited too long"
        time.sleep(0.05)  # to ask more often takes a core from the worker that is waited for


def over(run: RunFolder) -> bool:
    return run.status().is_over


def gone(run: RunFolder) -> bool:
    """Return whether a run is over and its worker's process, which ends a moment later, has let go of it."""
    if not over(run):
        return False
    with claimed(run.path, 0) as is_free:
        return is_free
