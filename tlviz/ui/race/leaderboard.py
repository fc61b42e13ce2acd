"""The leaderboard of a race: who leads, by how much, at what cost, and what is only noise."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from tlviz.figures.theme import run_line
from tlviz.runs.places import race_places
from tlviz.runs.races.race import MemberState, Race
from tlviz.runs.races.standings import Standing
from tlviz.runs.races.verdict import BEHIND, NOISE, error_words, mark, plus_minus, verdict
from tlviz.runs.source_left import forgot_words
from tlviz.runs.source_left_in_race import left_in_standing

_BORDERS = {"solid": "solid", "dash": "dashed", "dot": "dotted", "dashdot": "double"}


def render_verdict(race: Race, ranked: Sequence[Standing]) -> None:
    """Say in one sentence who leads and whether that is more than noise."""
    st.markdown(verdict(race, ranked, lambda words: f"**{words}**"))


def render_leaderboard(race: Race, ranked: Sequence[Standing]) -> None:
    """Show the standings, a row each, with the colours of the curves."""
    places = race_places(race)
    most = max((standing.seeds for standing in ranked), default=0)
    at_work = {member.words for member in race.members if member.state is MemberState.RUNNING}
    rows = "".join(
        _row(
            at,
            standing,
            places[standing.words],
            most,
            forgot_words(left_in_standing(race, standing)),
            is_running=standing.words in at_work,
        )
        for at, standing in enumerate(ranked, start=1)
    )
    st.html(f'<table style="width:100%;border-collapse:collapse;font-size:0.9rem">{rows}</table>')


def reading_aid(race: Race, ranked: Sequence[Standing]) -> str:
    """Explain the numbers behind the plus-minus sign and below each name."""
    forgot = (
        "forgot: share of pictures like the source's, none of which trains, that it no longer classifies as before, ± "
        "one standard error."
    )
    return f"{error_words(race, ranked)} k, M: trainable parameters; {forgot}"


def _row(rank: int, standing: Standing, place: int, most: int, forgot: str, *, is_running: bool) -> str:
    colour, dash = run_line(place)
    swatch = f'<span style="display:inline-block;width:18px;border-top:4px {_BORDERS[dash]} {colour}"></span>'
    score = "running" if is_running else "waiting" if not standing.is_over else "no result"
    words = []
    if standing.accuracy is not None:
        words = [] if standing.is_over else ["still running" if is_running else "waiting"]
        score = f"<b>{standing.accuracy:.1%}</b>{plus_minus(standing.error)}"
    said = mark(standing, is_first=rank == 1) if standing.is_over or standing.is_dropped else ""
    words.append(f"<b>{said}</b>" if said in (NOISE, BEHIND) else said)
    words += [
        _count(standing.trainable_parameters),
        f"{standing.seconds:,.0f} s" if standing.seconds is not None else "",
        f"{standing.memory_mb:,.0f} MB" if standing.memory_mb is not None else "",
        f"forgot {forgot}" if forgot else "",
        f"{standing.seeds} of {most} seeds" if 0 < standing.seeds < most else "",
    ]
    line = "border-top:1px solid rgba(128,128,128,0.25)"
    return (
        f'<tr style="{line}"><td style="padding:5px 6px 0 0;vertical-align:top">{rank if standing.accuracy else ""}'
        f'</td><td style="padding:5px 4px 0 0">{swatch} {html.escape(standing.words)}</td>'
        f'<td style="padding:5px 0 0 4px;text-align:right;white-space:nowrap">{score}</td></tr>'
        f'<tr><td></td><td colspan="2" style="padding:0 0 5px 0;opacity:0.75;font-size:0.76rem">'
        f"{' · '.join(filter(None, words))}</td></tr>"
    )


def _count(parameters: int | None) -> str:
    if not parameters:
        return ""
    if parameters >= 1e6:
        return f"{parameters / 1e6:.1f} M"
    return f"{parameters / 1e3:.0f} k" if parameters >= 1e3 else f"{parameters}"
