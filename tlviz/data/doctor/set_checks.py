"""What is odd about a dataset as a whole: its classes, their sizes, what is mixed."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from tlviz.data.doctor.checks import RARE_SHARE
from tlviz.data.doctor.findings import Finding, Kind, Severity
from tlviz.data.doctor.inspect_file import Facts
from tlviz.data.doctor.inventory import Inventory, PictureFile
from tlviz.data.sources.folder import LIKE_A_PART, NO_PICTURES, SPELLED_OTHERWISE, look_alikes

FEW_IMAGES = 5
IMBALANCE = 10
SIZE_RATIO = 8
"""Shorter sides that differ this much, from the 5th to the 95th of 100 pictures, are mixed."""


def check_classes(inventory: Inventory, files: Sequence[PictureFile]) -> Iterator[Finding]:
    """Report classes that are empty, nearly so, far smaller than others, named alike, or missing from a part.

    ``files`` are the pictures that can be opened.
    """
    root = inventory.root
    spelling = look_alikes(inventory.classes, root)
    for met in inventory.problems:
        if met not in spelling:
            kind = Kind.EMPTY_CLASS if met.problem == NO_PICTURES else Kind.LISTING
            if met.problem == LIKE_A_PART or SPELLED_OTHERWISE in met.problem:
                kind = Kind.CLASS_NAME
            yield Finding(met.path, kind, met.problem, met.action, Severity.WARNING)
    for alike in _alike(inventory.classes):
        problem = f"the classes {' and '.join(alike)} differ only in spelling"
        yield Finding(
            root, Kind.SAME_CLASS_NAME, problem, "kept as separate classes; rename or merge them", Severity.WARNING
        )
    counts = {part: _count(inventory.classes, files, part) for part in {file.part for file in files}}
    training = counts.get("train", counts.get("", {}))
    for name, count in training.items():
        if 0 < count < FEW_IMAGES:
            problem = f"the class {name} has only {count} {'picture' if count == 1 else 'pictures'} to train with"
            yield Finding(root, Kind.SMALL_CLASS, problem, "kept; add pictures", Severity.WARNING)
    yield from _imbalance(root, training)
    yield from _missing(root, counts)


def check_mixture(
    root: str, classes: Sequence[str], files: Sequence[PictureFile], facts: Sequence[Facts]
) -> Iterator[Finding]:
    """Report sizes that differ widely, and colour modes that are too frequent to be named file by file."""
    if not facts:
        return
    low, high = np.percentile([min(fact.width, fact.height) for fact in facts], [5, 95])
    if high >= SIZE_RATIO * low:
        problem = f"sizes are mixed: the shorter side is {low:.0f} to {high:.0f} pixels in nine of ten pictures"
        yield Finding(root, Kind.MIXED_SIZES, problem, "kept; all are scaled to one size", Severity.NOTE)
    modes = Counter(fact.colour for fact in facts)
    frequent = [(mode, count) for mode, count in modes.most_common() if count > RARE_SHARE * len(facts)]
    if len(frequent) > 1:
        shares = ", ".join(f"{count / len(facts):.0%} {mode}" for mode, count in frequent)
        problem = f"colour modes are mixed: {shares}{_class_given_away(classes, files, facts)}"
        yield Finding(root, Kind.MIXED_MODES, problem, "kept; all are converted to 8-bit colour", Severity.NOTE)


def _class_given_away(classes: Sequence[str], files: Sequence[PictureFile], facts: Sequence[Facts]) -> str:
    """Name a class that its colour mode gives away: all its pictures have it and hardly any others."""
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    for file, fact in zip(files, facts, strict=True):
        seen[fact.colour][file.label] += 1
    size = Counter(file.label for file in files)
    for mode, labels in seen.items():
        label, count = labels.most_common(1)[0]
        if count >= 0.9 * size[label] and count >= 0.9 * labels.total():
            return f"; {mode} alone almost gives away the class {classes[label]}"
    return ""


def _alike(classes: Sequence[str]) -> list[list[str]]:
    """Group class names that are equal but for case, width, composition of letters, and spaces."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in classes:
        spellings["".join(unicodedata.normalize("NFKC", name).casefold().replace("_", " ").split())].append(name)
    return [names for names in spellings.values() if len(names) > 1]


def _count(classes: Sequence[str], files: Sequence[PictureFile], part: str) -> dict[str, int]:
    counts = Counter(file.label for file in files if file.part == part)
    return {name: counts[label] for label, name in enumerate(classes)}


def _imbalance(root: str, training: dict[str, int]) -> Iterator[Finding]:
    present = {name: count for name, count in training.items() if count}
    if not present:
        return
    least, most = min(present, key=present.__getitem__), max(present, key=present.__getitem__)
    ratio = present[most] / present[least]
    if ratio >= IMBALANCE:
        sizes = f"{present[most]:,} and {present[least]:,}"
        problem = f"imbalance: {most} has {ratio:.0f} times as many pictures as {least} ({sizes})"
        yield Finding(root, Kind.IMBALANCE, problem, "kept; look at each class's accuracy", Severity.WARNING)


def _missing(root: str, counts: dict[str, dict[str, int]]) -> Iterator[Finding]:
    """Report classes that one part has and another has not."""
    if "train" not in counts:
        return
    for part in sorted(set(counts) - {"train"}):
        unknown = [name for name, count in counts[part].items() if count and not counts["train"][name]]
        if unknown:
            problem = f"the part {part} has classes that are missing from train: {', '.join(unknown)}"
            yield Finding(root, Kind.MISSING_CLASS, problem, "not trained; add training pictures", Severity.ERROR)
        unseen = [name for name, count in counts[part].items() if not count and counts["train"][name]]
        if unseen:
            problem = f"the part {part} has no pictures of {', '.join(unseen)}"
            yield Finding(
                root, Kind.MISSING_CLASS, problem, "kept; accuracy on these classes is not measured", Severity.WARNING
            )
