"""Where runs looked when they answered: one picture beside each run's attribution, all on one colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import TlvizError
from tlviz.explore.attribution.methods import METHODS, USUAL_BASELINE, Method
from tlviz.ui.attributions.answers import attribution_pane, full_colour_of, on_grid
from tlviz.ui.attributions.question import BEST, NOTHING, Question
from tlviz.ui.cached.attributions import Asked, explained
from tlviz.ui.cached.networks import run_network
from tlviz.ui.messages import plain
from tlviz.ui.widgets.tiles import Pane, TileRow, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.attribution.attributions import Attribution
    from tlviz.models.load import Network

_PANE_WIDTH = 210
_STRENGTH, _PERCENTILE = 70, 98


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """What a run said of a picture, uint8 (S, S, 3) as its network gets it; ``guess`` is a class number."""

    title: str
    model: str
    run: str
    pixels: Pixels
    guess: int
    words: str


def usual_method(network: Network) -> Method:
    """Return Grad-CAM, or the nearest method that a network allows.  Raises ``TlvizError`` where none applies."""
    from tlviz.explore.attribution.applicability import why_not

    refused = why_not(network, Method.GRAD_CAM)
    if refused is None:
        return Method.GRAD_CAM
    if why_not(network, refused.nearest) is not None:
        raise TlvizError(f"No attribution applies to this network. {refused.reason}")
    return refused.nearest


def render_run_maps(answers: Sequence[RunAnswer], *, key: str, heading: str) -> None:
    """Show a picture and the map of each run's own answer; where a run has none, one sentence says why."""
    found: list[tuple[RunAnswer, Attribution]] = []
    for given in answers:
        try:
            method = usual_method(run_network(given.run))
            asked = Asked(given.model, given.run, method, given.guess, None, USUAL_BASELINE)
            attribution = explained(asked, given.pixels)
        except TlvizError as error:
            st.caption(plain(f"{given.title} cannot be explained here: {error}"))
            continue
        if attribution is not None:
            found.append((given, attribution))
    if not found:
        return
    panes = [Pane(found[0][0].pixels, 1, hints=["as the network gets it"], crisp=False)]
    panes += [_pane(given, attribution, found) for given, attribution in found]
    headings = [heading, *(f"{given.title}: {given.words}" for given, _ in found)]
    with st.container(width=_PANE_WIDTH * len(panes)):
        render_tiles([TileRow("attribution", heading, panes)], key=key, headings=headings, titled=False)
    st.caption(plain(_reading_aid(found)))


def _pane(given: RunAnswer, attribution: Attribution, found: Sequence[tuple[RunAnswer, Attribution]]) -> Pane:
    """Draw one map; those of the same method share their colour scale."""
    alike = [on_grid(other.map, seen.pixels) for seen, other in found if other.method is attribution.method]
    question = _question(attribution.method)
    values = on_grid(attribution.map, given.pixels)
    return attribution_pane(question, given.pixels, values, full_colour_of(question, alike))


def _question(method: Method) -> Question:
    signed = METHODS[method].is_signed
    return Question(method, BEST, NOTHING, BEST, "", USUAL_BASELINE, _STRENGTH, _PERCENTILE, signed)


def _reading_aid(found: Sequence[tuple[RunAnswer, Attribution]]) -> str:
    methods = list(dict.fromkeys(attribution.method for _, attribution in found))
    titles = " and ".join(METHODS[method].title for method in methods)
    scale = "one colour scale for all" if len(methods) == 1 else "one colour scale per method"
    aid = f"{titles} for the answer given: bright areas support it"
    notes = [f"{given.title}: {attribution.note}" for given, attribution in found if attribution.note]
    return " ".join([f"{aid}; {scale}." if len(found) > 1 else f"{aid}.", *notes])
