"""Pictures that a target's listing leaves out, by their name or location, and folders that cannot be read."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from tlviz.data.doctor.findings import Finding, Kind, Severity
from tlviz.data.pixels.pictures import SUFFIXES
from tlviz.data.pixels.signatures import picture_format
from tlviz.data.sources.folder import MASKS_OF, FolderIndex
from tlviz.data.sources.side_names import is_system_name

_OTHER_SUFFIXES = frozenset(
    {".jxl", ".svg", ".psd", ".tga", ".ico", ".dcm"} | {".raw", ".dng", ".nef", ".cr2", ".cr3", ".arw", ".orf", ".rw2"}
)


def find_strays(index: FolderIndex) -> tuple[Finding, ...]:
    """Return one finding for each folder or file that holds pictures which are not used; reads first bytes only."""
    found: list[Finding] = []
    outside: Counter[str] = Counter()
    used = {os.path.realpath(file) for file in index.files}
    masks = {str(index.root / left.path) for left in index.left_out if left.reason.startswith(MASKS_OF)}

    def refused(error: OSError) -> None:
        problem = f"cannot be read: {error.strerror}"
        found.append(
            Finding(
                str(error.filename), Kind.UNREADABLE, problem, "left out; grant permission to read it", Severity.ERROR
            )
        )

    seen: set[str] = set()
    for parent, folders, names in os.walk(index.root, onerror=refused, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not is_system_name(name) and os.path.join(parent, name) not in masks  # noqa: PTH118
        )
        for path in (Path(parent, name) for name in sorted(names) if not name.startswith(".")):
            if os.path.realpath(path) in used:
                continue
            if path.suffix.lower() in SUFFIXES:
                outside[parent] += 1
            else:
                found.extend(_misnamed(path))
    found.extend(_outside(folder, count) for folder, count in outside.items())
    return tuple(found)


def _outside(folder: str, count: int) -> Finding:
    subject = "a picture that is" if count == 1 else f"{count:,} pictures that are"
    problem = f"holds {subject} outside the class folders"
    return Finding(
        folder, Kind.OUTSIDE, problem, "left out; move them into a class folder if they belong to one", Severity.WARNING
    )


def _misnamed(path: Path) -> list[Finding]:
    """Report a file that is a picture although its name does not show it, or of an unsupported format."""
    suffix = path.suffix.lower()
    if suffix in _OTHER_SUFFIXES:
        problem = f"has a format that is not supported ({suffix})"
        return [Finding(str(path), Kind.WRONG_NAME, problem, "left out; save it as JPEG or PNG", Severity.WARNING)]
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        return []
    kind = picture_format(start)
    if kind is None:
        return []
    problem = f"is a {kind} picture, but its name has another suffix or none"
    return [Finding(str(path), Kind.WRONG_NAME, problem, "left out; rename it", Severity.WARNING)]
