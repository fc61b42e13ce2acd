"""From what the files are like to findings: about single pictures, and about pictures of the same content."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tlviz.data.doctor.duplicates import Likeness, agreement
from tlviz.data.doctor.findings import Finding, Kind, Severity
from tlviz.data.doctor.inspect_file import Broken, Colour, Facts, Failure
from tlviz.data.doctor.inventory import PictureFile

TINY_SIDE = 32
HUGE_PIXELS = 50_000_000
LARGE_PIXELS = 12_000_000
MAX_ASPECT = 4.0
RARE_SHARE = 0.2
"""A colour mode of at most this share of the files is reported file by file, a more frequent one once."""
_LOOK_BACK = 64
_AGREEMENT = list(Likeness)
_KEPT = "kept"
_TURN = {
    2: "mirrored", 3: "rotated by 180°", 4: "mirrored upside down", 5: "mirrored and rotated",
    6: "rotated by 90°", 7: "mirrored and rotated", 8: "rotated by 270°",
}  # fmt: skip
_FAILURE_KIND = {Failure.NOT_A_PICTURE: Kind.WRONG_NAME, Failure.TOO_LARGE: Kind.HUGE}

Ints = NDArray[np.int64]


def check_broken(file: PictureFile, broken: Broken) -> Finding:
    """Report a file that gives no picture."""
    kind = _FAILURE_KIND.get(broken.failure, Kind.UNREADABLE)
    return Finding(file.path, kind, broken.reason, "left out", Severity.ERROR, file.name)


def check_files(files: Sequence[PictureFile], facts: Sequence[Facts]) -> Iterator[Finding]:
    """Report what is odd about each of the pictures (N), some of it compared with the others."""
    if not facts:
        return
    typical_side = median(min(fact.width, fact.height) for fact in facts)
    typical_pixels = median(fact.width * fact.height for fact in facts)
    colours = Counter(fact.colour for fact in facts)
    usual = colours.most_common(1)[0][0]
    rare = {colour for colour, count in colours.items() if colour != usual and count <= RARE_SHARE * len(facts)}
    for file, fact in zip(files, facts, strict=True):
        for kind, severity, problem, action in _oddities(fact, typical_side, typical_pixels):
            yield Finding(file.path, kind, problem, action, severity, file.name)
        if fact.colour in rare:
            problem = f"stored as {fact.colour}, while most are {usual}"
            yield Finding(file.path, Kind.COLOUR_MODE, problem, _converted(fact.colour), Severity.NOTE, file.name)


def _oddities(fact: Facts, typical_side: float, typical_pixels: float) -> Iterator[tuple[Kind, Severity, str, str]]:
    size = f"{fact.width:,} x {fact.height:,} pixels"
    short, pixels = min(fact.width, fact.height), fact.width * fact.height
    aspect = max(fact.width, fact.height) / short
    if fact.is_truncated:
        yield (
            Kind.TRUNCATED,
            Severity.WARNING,
            "truncated: the end of the file is missing",
            "kept; decoded as far as it goes",
        )
    if fact.wrong_suffix:
        yield (
            Kind.WRONG_NAME,
            Severity.NOTE,
            f"its content is {fact.wrong_suffix}, but its name says otherwise",
            "kept; opened by its content",
        )
    if fact.is_animated:
        yield Kind.ANIMATED, Severity.NOTE, "an animation or a multi-page file", "kept; its first frame is used"
    if fact.is_invisible:
        yield Kind.INVISIBLE, Severity.NOTE, "transparent in every pixel", "kept; its colours are used all the same"
    if fact.is_constant:
        yield Kind.CONSTANT, Severity.WARNING, "(almost) a single colour", _KEPT
    if short < TINY_SIDE and short <= typical_side / 2:
        yield (
            Kind.TINY,
            Severity.WARNING,
            f"tiny: {size}, while half of the others have over {typical_side:.0f} on the shorter side",
            _KEPT,
        )
    if pixels > HUGE_PIXELS or (pixels > LARGE_PIXELS and pixels > 16 * typical_pixels):
        yield Kind.HUGE, Severity.NOTE, f"huge: {size}", "kept; slow to decode"
    if aspect > MAX_ASPECT:
        yield (
            Kind.ASPECT,
            Severity.NOTE,
            f"{aspect:.1f} times as long as wide ({size}): a square crop loses most of it",
            _KEPT,
        )
    if fact.orientation != 1:
        yield (
            Kind.ROTATED,
            Severity.NOTE,
            f"{_TURN[fact.orientation]} by a note in its EXIF data, which other tools may ignore",
            "kept; rotated upright",
        )


def _converted(colour: Colour) -> str:
    return "kept; shown on white" if colour is Colour.TRANSPARENT else "kept; converted to 8-bit colour"


def check_groups(
    files: Sequence[PictureFile], facts: Sequence[Facts], groups: Ints, classes: Sequence[str]
) -> Iterator[Finding]:
    """Report every picture whose content an earlier one has, by what makes it matter most: its label, its part."""
    members: dict[int, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        members[int(group)].append(at)
    repeated = [group for group in members.values() if len(group) > 1]
    for number, group in enumerate(repeated):
        for place, one in enumerate(group[1:], start=1):
            yield from _repeats(files, facts, one, group[: min(place, _LOOK_BACK)], number, classes)


def _repeats(
    files: Sequence[PictureFile],
    facts: Sequence[Facts],
    one: int,
    earlier: Sequence[int],
    group: int,
    classes: Sequence[str],
) -> Iterator[Finding]:
    file = files[one]
    mislabelled = [at for at in earlier if files[at].label != file.label]
    leaked = [at for at in earlier if files[at].part != file.part]
    found = [
        (Kind.LABEL_CONFLICT, Severity.ERROR, mislabelled, "kept; exclude the one with the wrong label"),
        (
            Kind.LEAKAGE,
            Severity.ERROR,
            leaked,
            f"kept; exclude one of the two: {file.part} does not test on new images",
        ),
        (
            Kind.DUPLICATE,
            Severity.WARNING,
            [] if mislabelled or leaked else earlier,
            "kept; exclude it, or put both in the same part",
        ),
    ]
    for kind, severity, others, action in found:
        if not others:
            continue
        other = min(others, key=lambda at: _AGREEMENT.index(agreement(facts[one], facts[at])))
        problem = f"{agreement(facts[one], facts[other])} {files[other].name}"
        if kind is Kind.LABEL_CONFLICT:
            problem += f", which is labelled {classes[files[other].label]} and not {classes[file.label]}"
        elif kind is Kind.LEAKAGE:
            problem += f", across the parts {files[other].part} and {file.part}"
        yield Finding(file.path, kind, problem, action, severity, file.name, (files[other].name,), group)
