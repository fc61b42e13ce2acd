"""What is odd about single pictures and about pictures of the same content, at the edge of being so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tlviz.data.doctor.checks import check_broken, check_files, check_groups
from tlviz.data.doctor.findings import Finding, Kind, Severity
from tlviz.data.doctor.inspect_file import Broken, Colour, Facts, Failure
from tlviz.data.doctor.inventory import PictureFile

USUAL = Facts(
    100, 80, Colour.RGB, 1, None, is_animated=False, is_invisible=False, is_truncated=False, is_constant=False,
    byte_digest=b"b", pixel_digest=b"p", hash=0, thumb=np.zeros((32, 32, 3), np.uint8),
    grey=np.zeros((64, 64), np.uint8),
)  # fmt: skip


def file(name: str = "1.png", label: int = 0, part: str = "train") -> PictureFile:
    return PictureFile(name, f"/pets/{name}", label, part, "", bytes)


def found(fact: Facts, others: int = 9) -> list[Finding]:
    """Return what is odd about a picture among so many usual ones."""
    files = [file(str(at)) for at in range(others + 1)]
    return list(check_files(files, [fact, *[USUAL] * others]))


@pytest.mark.parametrize(
    ("fact", "kinds"),
    [
        (USUAL, []),
        (replace(USUAL, width=31, height=31), [Kind.TINY]),
        (replace(USUAL, width=32, height=32), []),
        (replace(USUAL, width=320, height=80), []),
        (replace(USUAL, width=321, height=80), [Kind.ASPECT]),
        (replace(USUAL, width=4000, height=3000), []),
        (replace(USUAL, width=4001, height=3000), [Kind.HUGE]),
        (replace(USUAL, orientation=6), [Kind.ROTATED]),
        (replace(USUAL, is_constant=True, is_truncated=True), [Kind.TRUNCATED, Kind.CONSTANT]),
    ],
)
def test_one_picture_among_usual_ones(fact: Facts, kinds: list[Kind]) -> None:
    assert [finding.kind for finding in found(fact)] == kinds


def test_where_all_are_small_or_large_none_is_odd() -> None:
    for width, height in ((20, 20), (4001, 3000)):
        assert list(check_files([file()] * 3, [replace(USUAL, width=width, height=height)] * 3)) == []
    assert list(check_files([], [])) == []


@pytest.mark.parametrize(("others", "is_told"), [(4, True), (3, False)])
def test_a_colour_mode_of_a_fifth_is_told_file_by_file(others: int, is_told: bool) -> None:
    findings = found(replace(USUAL, colour=Colour.TRANSPARENT), others)
    assert [(finding.kind, finding.action) for finding in findings] == [
        (Kind.COLOUR_MODE, "kept; shown on white")
    ] * is_told


def test_a_file_without_a_picture() -> None:
    kinds = [check_broken(file(), Broken(failure, "why")).kind for failure in Failure]
    assert kinds == [Kind.UNREADABLE, Kind.UNREADABLE, Kind.WRONG_NAME, Kind.HUGE]


@pytest.mark.parametrize(
    ("copy", "kinds"),
    [
        (file("2.png"), [Kind.DUPLICATE]),
        (file("2.png", label=1), [Kind.LABEL_CONFLICT]),
        (file("2.png", part="val"), [Kind.LEAKAGE]),
        (file("2.png", label=1, part="val"), [Kind.LABEL_CONFLICT, Kind.LEAKAGE]),
    ],
)
def test_a_copy_is_what_makes_it_matter_most(copy: PictureFile, kinds: list[Kind]) -> None:
    files, facts = [file(), file("other.png"), copy], [USUAL, USUAL, USUAL]
    findings = list(check_groups(files, facts, np.array([0, 1, 0]), ("cat", "dog")))
    assert [(finding.name, finding.kind, finding.related) for finding in findings] == [
        ("2.png", kind, ("1.png",)) for kind in kinds
    ]
    assert (findings[0].severity is Severity.WARNING) is (kinds == [Kind.DUPLICATE])


def test_the_copy_that_agrees_most_is_named() -> None:
    files = [file("near.png"), file("same pixels.png"), file("copy.png")]
    facts = [replace(USUAL, byte_digest=b"1", pixel_digest=b"1"), replace(USUAL, byte_digest=b"2"), USUAL]
    last = list(check_groups(files, facts, np.zeros(3, np.int64), ("cat",)))[-1]
    assert (last.problem, last.related) == ("the same pixels as same pixels.png", ("same pixels.png",))
