"""One method at every stage in a row, early to late, of the pretrained network and below it of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.methods import METHODS, Method, NotApplicable
from tlviz.ui.attributions.answers import Answer, Subject, ask, full_colour_of, on_grid
from tlviz.ui.attributions.question import Question, stage_key
from tlviz.ui.cached.attributions import Asked, swept
from tlviz.ui.feature_maps.choice import DIFFERENCE
from tlviz.ui.messages import plain
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.tiles import Pane, TileRow, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.attribution.attributions import Attribution
    from tlviz.explore.maps.feature_maps import Map

Sweeps = dict[str, dict[str, "Attribution"]]
"""The maps of every stage by the network's name, the pretrained one first; its name is '' where it stands alone."""

_LINE = 10
"""A line of the sweep holds at most this many stages; more are divided evenly."""
_FEWER = 2
"""A map in the row of stages is drawn at half its size, which is more than a screen shows."""


def sweep_method(method: Method, refused: Mapping[Method, NotApplicable]) -> Method:
    """Return the method itself, or where it has no version for stages, the nearest that has and is not refused."""
    options = (method, Method.GRAD_CAM, Method.TOKEN_GRAD_CAM, Method.SALIENCY)
    return next(option for option in options if METHODS[option].sweeps and option not in refused)


def render_sweep(
    question: Question, subject: Subject, refused: Mapping[Method, NotApplicable], answers: Sequence[Answer]
) -> Sweeps:
    """Show the method at every stage in a row for each network; a click on a map shows its stage large."""
    method = sweep_method(question.method, refused)
    asked = {given.name: given.asked for given in answers} or {"": ask(question, subject)}
    sweeps = _sweep_all(method, subject, asked)
    if not sweeps:
        return {}
    title, own = METHODS[method].title, method is question.method
    other = "" if own else f", because {METHODS[question.method].title} works only at the pixels"
    st.markdown(f"**{title} at every stage**{other}")
    is_difference = len(sweeps) > 1 and st.session_state.get(Key.SHOW) == DIFFERENCE
    names = list(next(iter(sweeps.values())))
    for begin, end in lines_of(len(names)):
        line = names[begin:end]
        rows = sweep_rows(question, subject.pixels, sweeps, line, _FEWER, is_difference=is_difference)
        pick = partial(_choose, stage_key(method), line) if own else None
        render_tiles(rows, key=key_of("why_sweep", begin), headings=line, titled=len(sweeps) > 1, on_pick=pick)
    st.caption(
        f"From left to right, early to late. {plain(_course(sweeps))} Each "
        f"{'map' if len(sweeps) == 1 else 'stage'} has its own colour scale."
        + (" In a difference red is more than before, blue is less." if is_difference else "")
        + (" Click one to see it large." if own else "")
        + missed_words(sweeps)
    )
    return sweeps


def missed_words(sweeps: Sweeps) -> str:
    """Say how far each stage's values miss the sum that their method promises; "" where it promises none."""
    gaps = {
        (found.gap, f"{name}, {stage}".removeprefix(", "))
        for name, maps in sweeps.items()
        for stage, found in maps.items()
        if found.gap is not None
    }
    if not gaps:
        return ""
    (least, _), (most, where) = min(gaps), max(gaps)
    return (
        " At every stage the values should add up to how far the score lies above the baseline's; they miss that by "
        f"{least:.1%} to {most:.1%} (most at {where})."
    )


def _course(sweeps: Sweeps) -> str:
    """Say of the first network whether its map gathers or spreads from the first stage to the last."""
    from tlviz.explore.attribution.reading import sweep_in_words

    network, maps = next(iter(sweeps.items()))
    first, *_, last = maps.items() if len(maps) > 1 else list(maps.items()) * 2
    said = sweep_in_words((first[0], first[1].map), (last[0], last[1].map))
    return f"{network}: {said[0].lower()}{said[1:]}" if network else said


def lines_of(count: int) -> list[tuple[int, int]]:
    """Divide N stages into lines of about the same length: the first of each and the one after its last."""
    lines = -(-count // _LINE)
    ends = [count * at // lines for at in range(lines + 1)]
    return list(pairwise(ends))


def sweep_rows(
    question: Question,
    pixels: Pixels,
    sweeps: Sweeps,
    stages: Sequence[str],
    fewer: int = 1,
    *,
    is_difference: bool = False,
) -> list[TileRow]:
    """Return one row a network of the maps at some stages, each stage on one colour scale for all networks.

    Maps are drawn at every ``fewer``-th of their rows and columns.
    """
    grids = {
        name: {stage: on_grid(maps[stage].map, pixels)[::fewer, ::fewer] for stage in stages}
        for name, maps in sweeps.items()
    }
    first = next(iter(grids))
    most = {stage: full_colour_of(question, [grids[name][stage] for name in grids]) for stage in stages}
    rows = []
    for name, maps in sweeps.items():
        minus = grids[first] if is_difference and name != first else None
        panes = [_pane(question, pixels, maps[s], grids[name][s], minus[s] if minus else None, most[s]) for s in stages]
        title = name or METHODS[next(iter(maps.values())).method].title
        rows.append(TileRow(title, f"minus {first}" if minus else "", panes))
    return rows


def _sweep_all(method: Method, subject: Subject, asked: Mapping[str, Asked]) -> Sweeps:
    """Return the maps at every stage of every network; of one that a person cancelled, and of those below it, none."""
    sweeps: Sweeps = {}
    for name, question in asked.items():
        maps = swept(replace(question, method=method), subject.pixels)
        if not maps:
            break
        sweeps[name] = maps
    return sweeps


def _choose(key: str, line: Sequence[str], _row: int, at: int, _tile: int) -> None:
    st.session_state[key] = line[at]


def _pane(question: Question, pixels: Pixels, found: Attribution, values: Map, minus: Map | None, most: float) -> Pane:
    """Return the map of one stage, or how it differs from another network's."""
    from tlviz.figures.attribution_pictures import draw_attribution

    is_signed = minus is not None or (question.is_signed and METHODS[found.method].is_signed)
    shown = values if minus is None else values - minus
    drawn = draw_attribution(pixels, shown, most, is_signed=is_signed, strength=question.strength / 100)
    said = "largest value" if minus is None else "largest difference"
    hint = f"{found.stage}: {said} {np.abs(shown).max():.2g}"
    return Pane(drawn, 1, hints=[hint], crisp=False, selected=0 if found.stage == question.stage else None)
