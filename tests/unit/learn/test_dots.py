"""The table of dots: every number with its interval, names as they are, one scale a measure."""

from __future__ import annotations

import re

from tests.unit.learn.made import made_card, race_of
from tlviz.learn.dots import card_dots, race_dots
from tlviz.learn.results import Table


def test_numbers_and_whiskers_are_those_of_the_table() -> None:
    html = card_dots(made_card(), {"photos": race_of([0.8, 0.7, 0.75], [0.5, 0.5, 0.5])})
    assert "75.0% ± 12.4" in html
    assert "50.0%<" in html
    assert html.count("border-top:2px") == 1


def test_the_better_row_has_its_dot_further_right() -> None:
    html = race_dots(race_of([0.8], [0.5]), ["val_accuracy"])
    head, full = map(float, re.findall(r"left:calc\(([\d.]+)%", html))
    assert 100 >= head > full >= 0


def test_names_are_shown_as_they_are_and_nothing_measured_is_a_dash() -> None:
    table = Table({"val_accuracy": {"<b>x": {"0": 0.5}}, "gap": {}}, {})
    html = race_dots(table, ["val_accuracy", "gap"])
    assert "&lt;b&gt;x" in html
    assert "–" in html
