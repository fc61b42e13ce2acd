"""Charts of runs as drawn last: a page that polls builds one anew where an epoch has come, not every second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from tlviz.runs.summary import RunSummary

Version = tuple[str, int, str]


def curves(summary: RunSummary) -> Mapping[str, Any]:
    """Return the curves of a run, up to the epochs it was to have, as data for the browser."""
    planned = summary.settings.get("epochs")
    return _curves(_version(summary), planned if isinstance(planned, int) else summary.epochs_run, summary)


def by_stage(summary: RunSummary, measure: str, title: str, stages: Sequence[str], *, is_log: bool) -> Any:
    """Return the figure of one measure of the inside of a run, a line a stage."""
    return _by_stage(_version(summary), measure, title, tuple(stages), is_log, summary)


def _version(summary: RunSummary) -> Version:
    """Return what changes when a run has told of one more epoch, or told again of an old one."""
    return summary.folder, len(summary.epochs), repr(summary.epochs[-1:])


@st.cache_resource(max_entries=16, show_spinner=False)
def _curves(version: Version, planned: int, _summary: RunSummary) -> Mapping[str, Any]:
    from tlviz.figures.curves import plot_curves
    from tlviz.figures.theme import browser_data

    return browser_data(plot_curves(_summary.epochs, _summary.best_epoch, planned, _summary.run))


@st.cache_resource(max_entries=16, show_spinner=False)
def _by_stage(
    version: Version, measure: str, title: str, stages: tuple[str, ...], is_log: bool, _summary: RunSummary
) -> Any:
    from tlviz.figures.inside import plot_by_stage

    trained = [epoch for epoch in _summary.epochs if epoch["epoch"] > 0]
    return plot_by_stage(trained, measure, stages, title, is_log=is_log)
