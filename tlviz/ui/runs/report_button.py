"""The button that writes a report on runs and hands it over."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.runs.overview import RunRow


def render_report(rows: Sequence[RunRow]) -> None:
    """Offer runs as one HTML file, which is written when it is asked for."""
    name = rows[0].run if len(rows) == 1 else f"compared-{rows[0].run}"
    st.download_button(
        "Report",
        lambda: _report(rows),
        f"{name}.html",
        "text/html",
        icon=":material/article:",
        key="report",
        on_click="ignore",
        help="One HTML file with figures, settings and results; it opens offline.",
    )


def _report(rows: Sequence[RunRow]) -> bytes:
    from tlviz.export.report import report_html  # imports plotly's library, several MB

    return report_html(rows).encode()
