"""A result in a notebook: its sentence and the first rows of its table, nothing of either read as HTML."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tlviz.api.result import MOST_ROWS, Result


class Odd(Result):
    rows = MOST_ROWS + 3

    @property
    def summary(self) -> str:
        return "a <b>class</b>"

    def table(self) -> pd.DataFrame:
        return pd.DataFrame({"class": ["<script>"] * self.rows, "share": [0.123456789] * self.rows})

    def figure(self) -> Any:
        return None


def test_what_a_notebook_shows_is_short_and_escaped() -> None:
    shown = Odd()._repr_html_()
    assert "&lt;b&gt;class" in shown
    assert "<script>" not in shown
    assert shown.count("<tr") == MOST_ROWS + 1
    assert "3 more rows in .table()" in shown
    assert "0.1235" in shown
    assert repr(Odd()) == "<Odd: a <b>class</b>>"
