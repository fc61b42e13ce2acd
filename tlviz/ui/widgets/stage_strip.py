"""The stage strip: the network from left to right, a block a stage, the frozen part hatched.

One component for every page.  The truth stays with the caller: a click or a drag only calls back, and the strip draws
what it is given on the next run.  ``functools.partial(setitem, st.session_state, KEY)`` is a callback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import streamlit as st

from tlviz.figures.theme import stage_colours
from tlviz.models.spec import Stage

_STATIC = Path(__file__).parent / "static"
_LEAST_WIDTH = 0.055  # of the strip: a block that fits a lock and a click at 700 px
_LEAST_HEIGHT = 0.3
_FEW_CHANNELS = 16
_MOST_STRIDE = 64  # no convolutional network goes further: beyond it the picture has been pooled or cut into tokens

_component = st.components.v2.component(
    "tlviz_stage_strip",
    html='<div class="strip"></div>',
    css=(_STATIC / "stage_strip.css").read_text(encoding="utf-8"),
    js=(_STATIC / "stage_strip.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class StripChoice:
    """What the strip shows: the selected stage and the number of frozen stages, each None where there is none.

    ``frozen`` names the frozen stages where they are not the first ones.
    """

    stage: str | None
    freeze: int | None
    frozen: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """An accuracy, 0 to 1, that stands at a freeze depth, and what the pointer reads there."""

    depth: int
    accuracy: float
    words: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What is drawn above the strip against one scale from ``low`` to ``high``: a curve of probes, and single runs."""

    low: float
    high: float
    probes: Sequence[Mark] = ()
    runs: Sequence[Mark] = ()


def render_stage_strip(
    stages: Sequence[Stage],
    *,
    key: str,
    selected: str | None = None,
    freeze: int | None = None,
    frozen: Sequence[str] | None = None,
    notes: Sequence[str] = (),
    lane: Lane | None = None,
    is_small: bool = False,
    on_select: Callable[[str], None] | None = None,
    on_freeze: Callable[[int], None] | None = None,
) -> StripChoice:
    """Draw the strip; with ``on_select`` blocks can be chosen, with ``on_freeze`` the freeze depth can be moved.

    ``freeze`` is the number of frozen stages from the stem, 0 to ``len(stages) - 1`` (the head is never frozen), None
    draws no freeze plan; ``frozen`` names any other set, drawn until the handle is moved.  A depth out of range is
    clamped and an unknown ``selected`` selects nothing, so that another network can be chosen at any time.  Callbacks
    run before the next run of the page; inside ``st.form`` they do not.  ``notes`` say more about each depth, shown
    below as the handle moves; ``lane`` is drawn above.
    """
    names = {stage.name for stage in stages}
    hatched = None if frozen is None else tuple(frozen)
    choice = StripChoice(selected if selected in names else None, clamp_freeze(freeze, len(stages)), hatched)
    answers = f"{key}_answers"

    def report_stage() -> None:
        name = _answer(key, "stage", answers)
        if on_select and name in names:
            on_select(name)

    def report_freeze() -> None:
        depth = _answer(key, "freeze", answers)
        if on_freeze and isinstance(depth, int):
            on_freeze(max(0, min(depth, len(stages) - 1)))

    data = strip_data(stages, choice, selectable=on_select is not None, settable=on_freeze is not None)
    more = {"notes": list(notes), "lane": lane_data(lane, len(stages)), "small": is_small}
    _component(
        key=key,
        data={**data, **more, "answers": st.session_state.get(answers, 0)},
        on_stage_change=report_stage,
        on_freeze_change=report_freeze,
    )
    return choice


def _answer(key: str, trigger: str, answers: str) -> Any:
    """Return what the browser reported, and count it: Streamlit redraws the strip only where its data differs.

    Without the count, a strip whose caller declines a change would go on showing it.
    """
    st.session_state[answers] = st.session_state.get(answers, 0) + 1
    return st.session_state[key].get(trigger)


def strip_data(stages: Sequence[Stage], choice: StripChoice, *, selectable: bool, settable: bool) -> dict[str, Any]:
    """Return what the browser draws: per stage its words, colour, width (share of the strip) and height (0 to 1)."""
    drawn = zip(stages, stage_colours(len(stages)), block_widths(stages), block_heights(stages), strict=True)
    return {
        "stages": [
            {
                "name": stage.name,
                "facts": stage_facts(stage),
                "colour": colour,
                "width": round(width, 4),
                "height": round(height, 3),
            }
            for stage, colour, width, height in drawn
        ],
        "depths": [describe_depth(stages, depth) for depth in range(len(stages))],
        "selected": choice.stage,
        "freeze": choice.freeze,
        "frozen": None if choice.frozen is None else [stage.name in choice.frozen for stage in stages],
        "selectable": selectable,
        "settable": settable and choice.freeze is not None,
    }


def lane_data(lane: Lane | None, count: int) -> dict[str, Any] | None:
    """Return what the browser draws above a strip of ``count`` stages, None for nothing: heights from 0 to 1.

    Marks at a depth that these stages do not have are left out.
    """
    if lane is None or not (lane.probes or lane.runs):
        return None
    span = (lane.high - lane.low) or 1.0

    def drawn(marks: Sequence[Mark]) -> list[dict[str, Any]]:
        return [
            {
                "depth": mark.depth,
                "height": round(min(1.0, max(0.0, (mark.accuracy - lane.low) / span)), 3),
                "words": mark.words,
            }
            for mark in marks
            if 0 <= mark.depth < count
        ]

    ends = [f"{end:.0%}".replace("%", " %") for end in (lane.low, lane.high)]
    return {"low": ends[0], "high": ends[1], "probes": drawn(lane.probes), "runs": drawn(lane.runs)}


def clamp_freeze(freeze: int | None, count: int) -> int | None:
    """Return the freeze depth within 0 to ``count - 1``, None for none."""
    return None if freeze is None else max(0, min(freeze, count - 1))


def block_widths(stages: Sequence[Stage]) -> list[float]:
    """Return each stage's share (0 to 1) of the strip: its share of the compute, but never too narrow to click."""
    if not stages:
        return []
    least = min(_LEAST_WIDTH, 0.7 / len(stages))
    narrow: set[int] = set()
    while True:
        wide = sum(stage.cost_share for at, stage in enumerate(stages) if at not in narrow)
        scale = (1 - least * len(narrow)) / wide if wide else 0.0
        found = {at for at, stage in enumerate(stages) if stage.cost_share * scale < least} | narrow
        if found == narrow:
            return [least if at in narrow else stage.cost_share * scale for at, stage in enumerate(stages)]
        if len(found) == len(stages):
            return [1 / len(stages)] * len(stages)
        narrow = found


def block_heights(stages: Sequence[Stage]) -> list[float]:
    """Return each stage's height (0 to 1): the logarithm of its channels, the backbone's widest being 1."""
    widest = max((stage.channels for stage in stages[:-1]), default=0)
    if widest <= _FEW_CHANNELS:
        return [1.0] * len(stages)
    levels = (log(max(stage.channels, _FEW_CHANNELS) / _FEW_CHANNELS) / log(widest / _FEW_CHANNELS) for stage in stages)
    return [_LEAST_HEIGHT + (1 - _LEAST_HEIGHT) * min(1.0, level) for level in levels]


def stage_facts(stage: Stage) -> list[str]:
    """Say what a stage is: parameters, channels, resolution where it has one, share of the compute."""
    share = f"{stage.cost_share:.0%}".replace("%", " %") if stage.cost_share >= 0.01 else "under 1 %"
    side = "the picture's full side" if stage.reduction <= 1 else f"1/{stage.reduction} of the picture's side"
    return [
        f"{stage.parameters:,} parameters",
        f"{stage.channels:,} channels",
        *([side] if stage.reduction <= _MOST_STRIDE else []),
        f"{share} of the compute",
    ]


def describe_head(stages: Sequence[Stage], classes: int) -> str:
    """Say what the grey block at the end is, and why it is as wide as it is; ``classes`` 0: it names none."""
    head, widths = stages[-1], block_widths(stages)
    answers = f"the source's {classes:,} classes" if classes else "the source's own answers"
    share = head.cost_share
    size = "thin" if share < 0.01 else ("wide" if widths[-1] > 1 / len(stages) else "small")
    cost = "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
    return (
        f"The {size} grey block at the end is the head ({cost} of the compute): it turns features into {answers}, and "
        "a new one takes its place for your target."
    )


def describe_depth(stages: Sequence[Stage], freeze: int) -> str:
    """Say in a few words where the freeze handle stands."""
    if freeze == 0:
        return f"none of {len(stages)} stages frozen"
    return f"{freeze} of {len(stages)} stages frozen, up to {stages[freeze - 1].name}"
