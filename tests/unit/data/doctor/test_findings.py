"""Findings are sorted, marked, numbered, and the same after a way through JSON."""

from __future__ import annotations

import json

from tlviz.data.doctor.findings import Finding, Kind, Report, Severity, duplicate_groups, number_groups, worst_first

NOTE = Finding("a", Kind.ANIMATED, "p", "kept", Severity.NOTE, "a.gif")
TINY = Finding("z", Kind.TINY, "p", "kept", Severity.WARNING, "z.png")
COPY = Finding("b", Kind.DUPLICATE, "p", "kept", Severity.WARNING, "b.png", ("a.gif",), 0)
EARLIER_COPY = Finding("a", Kind.DUPLICATE, "p", "kept", Severity.WARNING, "a.png", ("a.gif",), 0)
LOST = Finding("y", Kind.LABEL_CONFLICT, "p", "left out", Severity.ERROR, "y.png")
REPORT = Report("pets", ("cat", "dog"), 5, (LOST, COPY), (("a.gif", "b.png"),), 0.5)


def test_the_worst_comes_first_then_the_kind_then_the_path() -> None:
    assert worst_first((NOTE, COPY, EARLIER_COPY, TINY, LOST)) == (LOST, TINY, EARLIER_COPY, COPY, NOTE)


def test_a_report_is_the_same_after_json() -> None:
    assert Report.from_json(json.loads(json.dumps(REPORT.to_json()))) == REPORT


def test_what_is_excluded_is_marked_and_what_no_longer_is_is_not() -> None:
    marked = REPORT.with_exclusions({"b.png"})
    assert [finding.excluded for finding in marked.findings] == [False, True]
    assert marked.with_exclusions(()) == REPORT


def test_pictures_of_one_content_share_a_number_and_others_have_their_own() -> None:
    names = ["x", "b.png", "y", "a.gif"]
    assert duplicate_groups(REPORT, names).tolist() == [1, 0, 3, 0]
    assert number_groups([], names).tolist() == [0, 1, 2, 3]
