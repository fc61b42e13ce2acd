"""Attributions to take home: the picture as PNG, the maps as NPZ."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.explore.methods import METHODS
from tlviz.ui.attribution_choice import Question
from tlviz.ui.attribution_panels import (
    Answer,
    Subject,
    attribution_pane,
    full_colour_of,
    legend_words,
    on_grid,
    sweep_pane,
)
from tlviz.ui.latest import latest

if TYPE_CHECKING:
    from tlviz.explore.attributions import Attribution

_MAIN, _SMALL = 640, 220


def render_downloads(
    question: Question, subject: Subject, answers: Sequence[Answer], maps: Mapping[str, Attribution]
) -> None:
    """Offer what is seen as PNG and its numbers as NPZ; each is made when it is asked for."""
    if not answers:
        return
    title = f"{METHODS[question.method].title} {subject.name}"
    shown = latest("attribution", (question, subject, answers, maps))
    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "Picture (PNG)",
            shown.made_by(lambda held: answers_png(held[0], held[1], held[2])),
            f"{title}.png",
            "image/png",
            key="why_png",
            on_click="ignore",
        )
        if maps:
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


def sweep_png(question: Question, subject: Subject, given: Answer, maps: Mapping[str, Attribution]) -> bytes:
    """Return the maps of all stages in one row as PNG."""
    from tlviz.figures.poster import poster

    method = METHODS[next(iter(maps.values())).method].title
    drawn = [sweep_pane(question, subject.pixels, found).pixels for found in maps.values()]
    return poster([(method, subject.name, drawn)], list(maps), f"{method} for {given.words}", _SMALL)


def maps_npz(answers: Sequence[Answer], maps: Mapping[str, Attribution]) -> bytes:
    """Return the maps of all networks and stages, float32, with the stages' own where a method works there."""
    arrays = {given.name or "map": given.attribution.map for given in answers}
    for stage, found in maps.items():
        arrays[f"stages/{stage}"] = found.map
        if found.stage_map is not None:
            arrays[f"own resolution/{stage}"] = found.stage_map
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
