"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/")


def usable_cores(root: Path = _ROOT) -> int:
    """Return how many cores a scheduler, or the time that a container is granted, leaves to this process; at least 1.

    ``root`` is where Linux shows the control groups; a granted one and a half cores count as two.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # noqa: TID251
    return max(1, min([cores, *map(math.ceil, _granted(root))]))


def _granted(root: Path) -> Iterator[float]:
    """Yield what each control group around this process grants, in cores; nothing for one without a limit."""
    for mount, own in _groups(root):
        for folder in (own, *own.parents):
            if not folder.is_relative_to(mount):
                break
            time, _, period = (_read(folder / "cpu.max") or _first_version(folder)).partition(" ")
            with suppress(ValueError, ZeroDivisionError):  # "max", or nothing there
                if (granted := float(time) / float(period)) > 0:
                    yield granted


def _groups(root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield where control groups are mounted that share out cores, and this process's own folder there."""
    mounted = root / "sys" / "fs" / "cgroup"
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            mount = mounted / controllers
            yield mount, mount / path.lstrip("/")


def _first_version(folder: Path) -> str:
    """Return time and period as ``cpu.max`` of the second version of control groups has them."""
    return f"{_read(folder / 'cpu.cfs_quota_us')} {_read(folder / 'cpu.cfs_period_us')}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""
