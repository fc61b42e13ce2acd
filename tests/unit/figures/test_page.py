"""Charts stand in one HTML file that fetches nothing."""

from __future__ import annotations

import re

import plotly.graph_objects as go

from tlviz.figures.page import chart_library, chart_part


def test_a_chart_is_a_part_under_its_own_id_without_the_library() -> None:
    part = chart_part(go.Figure(go.Bar(x=["a"], y=[4711])), "first")
    assert '<div id="first"' in part
    assert "4711" in part
    assert "<html" not in part
    assert len(part) < 20_000, "the library is not in it"
    assert '"displaylogo": false' in part
    assert '"responsive": true' in part


def test_the_library_is_written_out_and_charts_are_fitted_when_all_is_there() -> None:
    library = chart_library()
    assert len(library) > 1_000_000
    assert not re.search(r"<script[^>]*\bsrc=", library)
    assert "Plotly.Plots.resize(chart)" in library
