"""What is left of the source is told with its error and the number of pictures, of old runs too."""

from __future__ import annotations

from typing import Any

import pytest

from tlviz.measures.accuracy import standard_error
from tlviz.runs.source_left import SourceLeft, forgot_words, kept_words, left_in_reading, left_in_runs

SIMILARITY = {"stem": 1.0, "fire2": 0.5}


def reading(**values: Any) -> dict[str, Any]:
    return {"source_agreement": 0.75, "source_pictures": 20, "similarity": SIMILARITY} | values


def test_a_reading_has_the_error_of_its_pictures() -> None:
    left = left_in_reading(reading())
    assert left == SourceLeft(0.75, standard_error(0.75, 20), 20)
    assert forgot_words(left) == "25% ± 11% of 20 pictures"
    assert kept_words(left) == "75.0% ± 10.7%"
    whole = left_in_reading(reading(source_agreement=1.0))
    assert whole is not None
    assert whole.error == pytest.approx(1 / 21), "all of 20 may be 95 of 100"


def test_readings_of_before_rest_on_48_pictures() -> None:
    old = reading()
    del old["source_pictures"]
    assert left_in_reading(old) == SourceLeft(0.75, standard_error(0.75, 48), 48)
    unchanged = old | {"source_agreement": 1.0, "similarity": {"stem": 1.0, "fire2": 1.0}}
    assert left_in_reading(unchanged) == SourceLeft(1.0, None, 0)
    assert left_in_reading({"event": "gauged", "similarity": {}}) is None, "memory lacked"
    assert left_in_reading(reading(source_pictures=None, source_agreement=None, similarity={})) is None


def test_what_is_unchanged_or_cannot_be_told_has_no_error() -> None:
    unchanged = left_in_reading(reading(source_agreement=1.0, source_pictures=0))
    assert forgot_words(unchanged) == "0%"
    few = left_in_reading(reading(source_agreement=None, source_pictures=6, similarity={}))
    assert few == SourceLeft(None, None, 6)
    assert forgot_words(few) == "too few pictures to tell"
    assert kept_words(few) is None
    assert left_in_reading(reading(source_agreement=None)) is None, "a source without classes"
    assert forgot_words(None) == ""


def test_seeds_add_how_far_they_differ() -> None:
    one, other = SourceLeft(0.7, 0.1, 20), SourceLeft(0.9, 0.1, 24)
    both = left_in_runs([one, other, None])
    assert both is not None
    assert both.share == pytest.approx(0.8)
    assert both.pictures == 20
    assert both.error == pytest.approx((standard_error(0.8, 20) ** 2 + 0.02 / 2) ** 0.5)
    alone = left_in_runs([one])
    assert alone is not None
    assert alone.error == pytest.approx(standard_error(0.7, 20))
    assert left_in_runs([SourceLeft(1.0, None, 0), SourceLeft(1.0, None, 0)]) == SourceLeft(1.0, None, 0)
    assert left_in_runs([SourceLeft(None, None, 6)]) == SourceLeft(None, None, 6)
    assert left_in_runs([None]) is left_in_runs([]) is None
