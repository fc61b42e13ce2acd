"""Choosing runs to compare: up to four, kept in the address bar, each with a letter and a colour of its own."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from tlviz.figures.theme import run_colour
from tlviz.measures.accuracy import standard_error
from tlviz.runs.overview import RunRow
from tlviz.runs.summary import RunSummary
from tlviz.runs.titles import letters, row_label, short_titles
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import told_apart

MOST = 4


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One of the chosen runs: its letter, how it is called beside it, and what it reached."""

    letter: str
    title: str
    summary: RunSummary

    @property
    def name(self) -> str:
        """How it is called in charts."""
        return f"{self.letter} {self.title}"

    @property
    def standard_error(self) -> float:
        """The standard error of its best accuracy, by the number of its validation images."""
        images = self.summary.start_event.get("validation_images")
        count = images if isinstance(images, int) and images > 0 else 1
        return standard_error(min(1.0, max(0.0, self.summary.best_val_accuracy or 0.0)), count)


def pick_runs(rows: Sequence[RunRow]) -> list[RunRow]:
    """Let a person choose up to four runs; at first those of the link, else the two newest of one target."""
    by_name = {row.run: row for row in rows}
    kept = [name for name in st.session_state.get(Key.COMPARED, ()) if name in by_name]
    if Key.COMPARED not in st.session_state:
        asked = [name for name in st.query_params.get(Key.COMPARED, "").split(",") if name]
        kept = [name for name in dict.fromkeys(asked) if name in by_name][:MOST]
        if len(kept) < len(asked):
            st.warning("The link names runs that are not on this machine.")
        kept = kept or _first(rows)
    st.session_state[Key.COMPARED] = kept
    labels = told_apart({name: row_label(row) for name, row in by_name.items()})
    chosen: list[str] = st.multiselect(
        "Runs",
        list(by_name),
        key=Key.COMPARED,
        format_func=labels.__getitem__,
        max_selections=MOST,
        persist_state="session",
        label_visibility="collapsed",
        placeholder="Choose up to four runs",
    )
    if ",".join(chosen) != st.query_params.get(Key.COMPARED):
        st.query_params[Key.COMPARED] = ",".join(chosen)
    return [by_name[name] for name in chosen]


def render_heads(runs: Sequence[ComparedRun]) -> None:
    """Show each run's letter, name and best accuracy, in its colour."""
    cells = "".join(
        f'<div style="border-left:5px solid {run_colour(at)};padding:2px 10px;min-width:0">'
        f"<b>{run.letter}</b> {html.escape(run.title)}<br>"
        f"<span style='font-size:1.25rem'>{run.summary.best_val_accuracy or 0:.1%}</span> "
        f"<small>± {run.standard_error:.1%}, epoch {run.summary.best_epoch}</small></div>"
        for at, run in enumerate(runs)
    )
    st.html(f'<div style="display:grid;grid-template-columns:repeat({len(runs)},1fr);gap:12px">{cells}</div>')


def lettered(rows: Sequence[RunRow], summaries: Sequence[RunSummary]) -> list[ComparedRun]:
    """Give every run its letter, and the shortest title that distinguishes it from the others."""
    titles = short_titles(rows)
    return [ComparedRun(*held) for held in zip(letters(len(rows)), titles, summaries, strict=True)]


def _first(rows: Sequence[RunRow]) -> list[str]:
    """Return the two newest runs that have one target, the earlier one first; else the newest."""
    seen: dict[str, RunRow] = {}
    for row in rows:
        if row.data in seen:
            return [row.run, seen[row.data].run]
        seen[row.data] = row
    return [rows[0].run]
