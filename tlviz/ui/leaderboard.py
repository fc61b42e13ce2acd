"""The leaderboard of a race: who leads, by how much, at what cost, and what is only noise."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from tlviz.figures.race import line_style
from tlviz.runs.race import Race
from tlviz.runs.standings import SEEDS_FOR_PAIRS, Standing

_BORDERS = {"solid": "solid", "dash": "dashed", "dot": "dotted", "dashdot": "double"}
NOISE = "not distinguishable"
MOST_NAMED = 2


def render_verdict(race: Race, ranked: Sequence[Standing]) -> None:
    """Say in one sentence who leads and whether that is more than noise."""
    first = ranked[0] if ranked else None
    if first is None or first.accuracy is None:
        st.markdown("The first points come in a few seconds: validation before any training.")
        return
    score = f"{first.accuracy:.1%}{_error(first)}"
    rivals = [s.words for s in ranked[1:] if s.is_distinguishable is False and not s.is_dropped]
    verb = "wins" if race.status.is_over and all(s.is_over for s in ranked) else "leads"
    unknown = any(s.accuracy is None for s in ranked)
    if not rivals:
        more = " so far." if unknown else ": more than noise." if len(ranked) > 1 else "."
        st.markdown(f"**{first.words}** {verb} with **{score}**{more}")
    else:
        names = f"{len(rivals)} others" if len(rivals) > MOST_NAMED else " and ".join(rivals)
        are = "is" if len(rivals) == 1 else "are"
        st.markdown(f"**{first.words}** is ahead with **{score}**, but {names} {are} {NOISE} from it.")


def render_leaderboard(race: Race, ranked: Sequence[Standing]) -> None:
    """Show the standings, a row each, with the colours of the curves."""
    places = {words: place for place, words in enumerate(race.values)}
    rows = "".join(_row(at, standing, places[standing.words]) for at, standing in enumerate(ranked, start=1))
    st.html(f'<table style="width:100%;border-collapse:collapse;font-size:0.9rem">{rows}</table>')


def reading_aid(race: Race, ranked: Sequence[Standing]) -> str:
    """Explain the numbers behind the plus-minus sign."""
    seeds = max((standing.seeds for standing in ranked), default=0)
    images = max((member.curve.validation_images for member in race.members), default=0)
    kept = "k, M: trainable parameters; kept: share of source pictures still named as before."
    if seeds >= SEEDS_FOR_PAIRS:
        return f"± is one standard error over {seeds} seeds; noise is judged by paired differences (95%). {kept}"
    error = "over the seeds" if seeds > 1 else f"of {images:,} validation images"
    return f"± is one standard error {error}; noise is judged on the same images (McNemar, 95%). {kept}"


def _row(rank: int, standing: Standing, place: int) -> str:
    colour, dash = line_style(place)
    swatch = f'<span style="display:inline-block;width:18px;border-top:4px {_BORDERS[dash]} {colour}"></span>'
    score = f"<b>{standing.accuracy:.1%}</b>{_error(standing)}" if standing.accuracy is not None else "waiting"
    words = [] if standing.is_over else ["still running" if standing.accuracy is not None else ""]
    if standing.is_dropped:
        words = ["dropped early"]
    elif standing.is_distinguishable is False:
        words.append(f"<b>{NOISE}</b>")
    words += [
        _count(standing.trainable_parameters),
        f"{standing.seconds:,.0f} s" if standing.seconds is not None else "",
        f"{standing.memory_mb:,.0f} MB" if standing.memory_mb is not None else "",
        f"kept {standing.source_kept:.0%}" if standing.source_kept is not None else "",
        f"{standing.seeds} seeds" if standing.seeds > 1 else "",
    ]
    line = "border-top:1px solid rgba(128,128,128,0.25)"
    return (
        f'<tr style="{line}"><td style="padding:5px 6px 0 0;vertical-align:top">{rank if standing.accuracy else ""}'
        f'</td><td style="padding:5px 4px 0 0">{swatch} {html.escape(standing.words)}</td>'
        f'<td style="padding:5px 0 0 4px;text-align:right;white-space:nowrap">{score}</td></tr>'
        f'<tr><td></td><td colspan="2" style="padding:0 0 5px 0;opacity:0.75;font-size:0.76rem">'
        f"{' · '.join(filter(None, words))}</td></tr>"
    )


def _error(standing: Standing) -> str:
    return f" ± {standing.error:.1%}" if standing.error is not None else ""


def _count(parameters: int | None) -> str:
    if not parameters:
        return ""
    if parameters >= 1e6:
        return f"{parameters / 1e6:.1f} M"
    return f"{parameters / 1e3:.0f} k" if parameters >= 1e3 else f"{parameters}"
