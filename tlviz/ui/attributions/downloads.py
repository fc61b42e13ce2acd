"""Downloads of attributions: the picture as PNG, the maps as NPZ."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import streamlit as st

from tlviz.explore.attribution.methods import METHODS
from tlviz.ui.attributions.answers import Answer, Subject, attribution_pane, full_colour_of, legend_words, on_grid
from tlviz.ui.attributions.question import Question
from tlviz.ui.attributions.sweep import Sweeps, sweep_rows
from tlviz.ui.widgets.latest import latest

_MAIN, _SMALL = 640, 220


def render_downloads(question: Question, subject: Subject, answers: Sequence[Answer], sweeps: Sweeps) -> None:
    """Offer what is seen as PNG and its numbers as NPZ; each is made when it is asked for."""
    if not answers:
        return
    title = f"{METHODS[question.method].title} {subject.name}"
    shown = latest("attribution", (question, subject, answers, sweeps))
    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "Picture (PNG)",
            shown.made_by(lambda held: answers_png(held[0], held[1], held[2])),
            f"{title}.png",
            "image/png",
            key="why_png",
            on_click="ignore",
        )
        if sweeps:
            st.download_button(
                "Stages (PNG)",
                shown.made_by(lambda held: sweep_png(held[0], held[1], held[2][0], held[3])),
                f"{title} stages.png",
                "image/png",
                key="why_stages_png",
                on_click="ignore",
            )
        st.download_button(
            "Maps (NPZ)",
            shown.made_by(lambda held: maps_npz(held[2], held[3])),
            f"{title}.npz",
            "application/octet-stream",
            key="why_npz",
            on_click="ignore",
            help="Every map as float32, those of the stages among them.",
        )


def answers_png(question: Question, subject: Subject, answers: Sequence[Answer]) -> bytes:
    """Return the picture beside the map of each network, with the legend, as PNG."""
    from tlviz.figures.poster import poster

    grids = [on_grid(given.attribution.map, subject.pixels) for given in answers]
    most = full_colour_of(question, grids)
    drawn = [attribution_pane(question, subject.pixels, values, most).pixels for values in grids]
    headings = ["picture", *(f"{given.name} {given.words}".strip() for given in answers)]
    row = (METHODS[question.method].title, subject.name, [subject.pixels, *drawn])
    return poster([row], headings, legend_words(question, answers[0]), _MAIN)


def sweep_png(question: Question, subject: Subject, given: Answer, sweeps: Sweeps) -> bytes:
    """Return the maps of all stages as PNG, one row a network."""
    from tlviz.figures.poster import poster

    first = next(iter(sweeps.values()))
    method = METHODS[next(iter(first.values())).method].title
    rows = sweep_rows(question, subject.pixels, sweeps, list(first))
    drawn = [(row.title or method, subject.name, [pane.pixels for pane in row.panes]) for row in rows]
    return poster(drawn, list(first), f"{method} for {given.words}", _SMALL)


def maps_npz(answers: Sequence[Answer], sweeps: Sweeps) -> bytes:
    """Return the maps of all networks and stages, float32, with the stages' own where a method works there."""
    arrays = {given.name or "map": given.attribution.map for given in answers}
    for name, maps in sweeps.items():
        of = f"{name}/" if name else ""
        for stage, found in maps.items():
            arrays[f"{of}stages/{stage}"] = found.map
            if found.stage_map is not None:
                arrays[f"{of}own resolution/{stage}"] = found.stage_map
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
