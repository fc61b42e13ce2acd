"""Templates escape every value, and say values as a person reads them."""

from __future__ import annotations

import pytest

from tlviz import __version__
from tlviz.export.html_parts import document, share, versions, word

EVIL = "</td><script>alert('x')</script>"
SAFE = "&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
VALUES = ("title", "subject", "verdict", "words", "trouble", "error_words", "differ")
TABLES = ("standings", "runs", "settings", "about")


def race_page(words: str) -> str:
    tables = {name: [(words, None, [words], 0.5)] for name in TABLES}
    errors = {
        "matrices": [{"name": words, "right": "1", "count": "2", "chart": "<div>drawn</div>"}],
        "f1": None,
        "reliability": "",
        "calibration": words,
    }
    rest = {
        "notes": [words],
        "curves": [],
        "cost": "<i>",
        "front": words,
        "errors": errors,
        "moved": None,
        "seeds": None,
    }
    return document("race.html", **dict.fromkeys(VALUES, words), **tables, **rest)


def test_every_value_is_escaped_and_charts_are_not() -> None:
    page = race_page(EVIL)
    assert EVIL not in page
    assert page.count(SAFE) == 1 + len(VALUES) + 2 * len(TABLES) + 4, "the title is there twice"
    assert "<div>drawn</div>" in page
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")


def test_half_a_letter_becomes_a_question_mark() -> None:
    assert "<h1>a?b</h1>" in race_page("a\ud800b")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), ([], "none"), (["a", 1], "a, 1"), ({"a": 1}, "a"), (0.25, "0.25"), (1e-05, "1e-05"), (True, "True")],
)
def test_values_as_a_person_reads_them(value: object, expected: str) -> None:
    assert word(value) == expected


def test_shares_are_percent_with_their_error() -> None:
    assert share(None, 0.1) is None
    assert share(0.5) == "50.0%"
    assert share(0.5, 0.0123) == "50.0% ± 1.2%"


def test_versions_name_this_program_first() -> None:
    told = list(versions())
    assert told[0] == f"tlviz {__version__}"
    assert any(line.startswith("torch ") for line in told)
