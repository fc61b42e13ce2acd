"""Choosing runs to compare, kept in the address bar: up to four ways of training, each with a letter and its colour."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from tlviz.figures.theme import run_colour
from tlviz.runs.beside import beside_words
from tlviz.runs.overview import RunRow
from tlviz.runs.races.standings import Standing
from tlviz.runs.races.verdict import plus_minus
from tlviz.runs.sides import Side, sides
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import row_labels
from tlviz.ui.messages import plain, strong_words
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import told_apart

MOST = 4
"""So many ways of training are shown beside each other."""
MOST_RUNS = 24
"""So many runs, the seeds of all of them, can be chosen."""


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One run that stands for its side: the side's letter and colour, how it is called, and what it reached."""

    letter: str
    title: str
    summary: RunSummary
    place: int = 0

    @property
    def name(self) -> str:
        """How it is called in charts."""
        return f"{self.letter} {self.title}"


def pick_runs(rows: Sequence[RunRow]) -> list[RunRow]:
    """Let a person choose runs; at first those of the link, else the two newest of one target."""
    by_name = {row.run: row for row in rows}
    kept = [name for name in st.session_state.get(Key.COMPARED, ()) if name in by_name]
    if Key.COMPARED not in st.session_state:
        asked = [name for name in st.query_params.get(Key.COMPARED, "").split(",") if name]
        kept = [name for name in dict.fromkeys(asked) if name in by_name][:MOST_RUNS]
        if len(kept) < len(asked):
            st.warning("The link names runs that are not on this machine.")
        kept = kept or _first(rows)
    st.session_state[Key.COMPARED] = kept
    labels = told_apart(row_labels(rows))
    chosen: list[str] = st.multiselect(
        "Runs",
        list(by_name),
        key=Key.COMPARED,
        format_func=labels.__getitem__,
        max_selections=MOST_RUNS,
        persist_state="session",
        label_visibility="collapsed",
        placeholder="Choose runs; those that differ in the seed alone stand together",
    )
    if ",".join(chosen) != st.query_params.get(Key.COMPARED):
        st.query_params[Key.COMPARED] = ",".join(chosen)
    return [by_name[name] for name in chosen]


def compared_sides(rows: Sequence[RunRow]) -> list[Side]:
    """Return the sides of the chosen runs; says so where they are more than can be shown."""
    found = sides(rows, {row.run: summarise(row.folder) for row in rows})
    if len(found) > MOST:
        left = ", ".join(side.title for side in found[MOST:])
        st.warning(plain(f"Only {MOST} ways of training are shown beside each other; left out: {left}."))
    return found[:MOST]


def render_heads(found: Sequence[Side], ranked: Sequence[Standing]) -> None:
    """Show each side's letter, name and accuracy, in its colour."""
    errors = {standing.words: standing.error for standing in ranked}
    cells = "".join(
        f'<div style="border-left:5px solid {run_colour(side.place)};padding:2px 10px;min-width:0">'
        f"<b>{side.letter}</b> {html.escape(side.title)}<br>"
        f"<span style='font-size:1.25rem'>{side.accuracy:.1%}</span> "
        f"<small>{plus_minus(errors.get(side.name))}, {_made_of(side)}</small></div>"
        for side in found
    )
    st.html(f'<div style="display:grid;grid-template-columns:repeat({len(found)},1fr);gap:12px">{cells}</div>')


def render_verdict(found: Sequence[Side], ranked: Sequence[Standing]) -> None:
    """Say in one sentence which side is ahead, and whether that is more than noise."""
    st.markdown(strong_words(lambda strong: beside_words(found, ranked, strong)))


def one_of_each(found: Sequence[Side]) -> list[ComparedRun]:
    """Return one run of each side: of the seed that a person picks where there are several."""
    seeds = [seed for seed in found[0].by_seed if all(seed in side.by_seed for side in found)]
    if all(len(side.runs) == 1 for side in found):
        return [ComparedRun(side.letter, side.title, side.runs[0], side.place) for side in found]
    if not seeds:
        st.caption("No seed is common to all, so each is shown by its first: they validate on different images.")
        return [_of_seed(side, next(iter(side.by_seed))) for side in found]
    seed = st.segmented_control(
        "Seed", seeds, default=seeds[0], required=True, key="compare_seed", persist_state="session",
        format_func=lambda seed: f"seed {seed}", label_visibility="collapsed",
        help="Single images are those of one seed: each seed splits the pictures anew.",
    )  # fmt: skip
    seed = seed if seed in seeds else seeds[0]
    st.caption(f"Below, each is shown by its run of seed {seed}.")
    return [_of_seed(side, seed) for side in found]


def _of_seed(side: Side, seed: int) -> ComparedRun:
    title = f"{side.title}, seed {seed}" if len(side.runs) > 1 else side.title
    return ComparedRun(side.letter, title, side.by_seed[seed], side.place)


def _made_of(side: Side) -> str:
    if len(side.runs) == 1:
        return f"epoch {side.runs[0].best_epoch}"
    return f"mean of {len(side.runs)} seeds"


def _first(rows: Sequence[RunRow]) -> list[str]:
    """Return the two newest runs that have one target, the earlier one first; else the newest."""
    seen: dict[str, RunRow] = {}
    for row in rows:
        if row.data in seen:
            return [row.run, seen[row.data].run]
        seen[row.data] = row
    return [rows[0].run]
