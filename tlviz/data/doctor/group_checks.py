"""Groups, such as a patient's pictures: those that are in several parts, and those that nobody has declared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tlviz.data.doctor.findings import Finding, Kind, Severity
from tlviz.data.doctor.inventory import Inventory, PictureFile
from tlviz.data.sources.groups import Hint
from tlviz.errors import listed, quoted

_RELATED = 20


def check_declared_groups(files: Sequence[PictureFile]) -> Iterator[Finding]:
    """Report every group that is in several of the target's own parts."""
    members: dict[str, list[PictureFile]] = defaultdict(list)
    for file in files:
        if file.group:
            members[file.group].append(file)
    for group, own in members.items():
        parts = Counter(file.part for file in own if file.part)
        if len(parts) > 1:
            last = next(file for file in own if file.part == _latest(parts))
            others = tuple(file.name for file in own if file.part != last.part)
            counts = " and ".join(f"{count:,} in {part}" for part, count in sorted(parts.items()))
            problem = f"its group {quoted(group)} is in several parts: {counts}"
            action = f"kept; put the group into one part: {last.part} does not test on new ones"
            yield Finding(last.path, Kind.GROUP_LEAK, problem, action, Severity.ERROR, last.name, others[:_RELATED])


def check_suggested_groups(inventory: Inventory, files: Sequence[PictureFile]) -> Iterator[Finding]:
    """Report what names or a column suggest to be groups that would be, or already are, in several parts."""
    for at, hint in enumerate(inventory.hints):
        keys = [file.hints[at] if at < len(file.hints) else "" for file in files]
        yield from _suggestion(inventory.root, hint, keys, [file.part for file in files])


def _suggestion(root: str, hint: Hint, keys: Sequence[str], parts: Sequence[str]) -> Iterator[Finding]:
    sizes = Counter(key for key in keys if key)
    several = [key for key, count in sizes.items() if count > 1]
    if len(sizes) < 2 or not several:
        return
    option = f"--{hint.option.replace('_', '-')} {quoted(hint.value, 200)}"
    said = f"the column {quoted(hint.value)} suggests" if hint.option == "group_column" else "file names suggest"
    where: dict[str, set[str]] = defaultdict(set)
    for key, part in zip(keys, parts, strict=True):
        where[key].add(part)
    across = [key for key in several if len(where[key] - {""}) > 1]
    if across:
        problem = (
            f"{said} that pictures belong together, and {len(across):,} of {len(sizes):,} such groups are in several "
            f"parts: {listed(across, 3)}"
        )
        anew = f", or draw the parts anew with --split-column none {option}" if hint.option == "group_column" else ""
        action = f"kept; if they do (see {option}), results are too good: put each into one part{anew}"
        yield Finding(root, Kind.GROUP_LEAK, problem, action, Severity.WARNING)
    elif not {"val", "test"} <= set(parts):
        problem = (
            f"{said} that pictures belong together ({len(sizes):,} groups, such as {listed(several, 3)}); drawn "
            "picture by picture, a group trains and validates"
        )
        yield Finding(root, Kind.GROUP_HINT, problem, f"kept; if they do, use {option}", Severity.WARNING)


def _latest(parts: Counter[str]) -> str:
    return next(part for part in ("test", "val", "train") if part in parts)
