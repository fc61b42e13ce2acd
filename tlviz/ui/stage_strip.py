"""The stage strip: the network from left to right, a block a stage, the frozen part hatched.

One component for every page.  The truth stays with the caller: a click or a drag only calls back, and the strip
draws what it is given on the next run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from tlviz.figures.theme import stage_colours
from tlviz.models.spec import Stage

_STATIC = Path(__file__).parent / "static"
_MIN_HEIGHT, _MAX_HEIGHT = 30, 78

_component = st.components.v2.component(
    "tlviz_stage_strip",
    html='<div class="strip"></div>',
    css=(_STATIC / "stage_strip.css").read_text(encoding="utf-8"),
    js=(_STATIC / "stage_strip.js").read_text(encoding="utf-8"),
)


def render_stage_strip(
    stages: Sequence[Stage],
    *,
    key: str,
    selected: str | None = None,
    freeze: int | None = None,
    on_select: Callable[[str], None] | None = None,
    on_freeze: Callable[[int], None] | None = None,
) -> None:
    """Draw the strip; with ``on_select`` blocks can be chosen, with ``on_freeze`` the freeze depth can be moved.

    ``freeze`` is the number of frozen stages from the stem, None draws no freeze plan.  Callbacks run before the
    next run of the page.
    """

    def tell(name: str, report: Callable[[Any], None] | None) -> Callable[[], None]:
        def changed() -> None:
            value = st.session_state[key][name]
            if report and value is not None:
                report(value)

        return changed

    _component(
        key=key,
        data=strip_data(stages, selected, freeze, can_select=on_select is not None, can_freeze=on_freeze is not None),
        on_stage_change=tell("stage", on_select),
        on_freeze_change=tell("freeze", on_freeze),
    )


def strip_data(
    stages: Sequence[Stage], selected: str | None, freeze: int | None, *, can_select: bool, can_freeze: bool
) -> dict[str, Any]:
    """Return what the browser draws: blocks with relative width (compute), height in pixels (channels) and words."""
    colours = stage_colours(len(stages))
    most = max(stage.channels for stage in stages[:-1])
    return {
        "blocks": [
            {
                "name": stage.name,
                "words": describe_stage(stage),
                "colour": colour,
                "width": round(0.25 + stage.cost_share * len(stages), 3),
                "height": _height(stage.channels, most),
                "selected": stage.name == selected,
            }
            for stage, colour in zip(stages, colours, strict=True)
        ],
        "freeze": None if freeze is None else max(0, min(freeze, len(stages) - 1)),
        "canSelect": can_select,
        "canFreeze": can_freeze,
    }


def _height(channels: int, most: int) -> int:
    """Return a block's height in pixels: it grows with the logarithm of the channels."""
    share = min(1.0, math.log2(channels + 1) / math.log2(most + 1))
    return round(_MIN_HEIGHT + (_MAX_HEIGHT - _MIN_HEIGHT) * share**2)


def describe_stage(stage: Stage) -> str:
    """Say in one line what a stage is."""
    return (
        f"{stage.name}: {stage.parameters:,} parameters, {stage.channels:,} channels, "
        f"one output pixel spans {stage.reduction} input pixels a side, {stage.cost_share:.0%} of the compute"
    )


def describe_freeze(stages: Sequence[Stage], freeze: int) -> str:
    """Say in one line what a freeze depth means for these stages."""
    if freeze == 0:
        return "Nothing is frozen: every stage is trained."
    trained = sum(stage.parameters for stage in stages[freeze:-1])
    if freeze == len(stages) - 1:
        return "Frozen: the whole backbone. Only the new head is trained."
    names = stages[0].name if freeze == 1 else f"{stages[0].name} to {stages[freeze - 1].name}"
    return f"Frozen: {names}. Trained: {stages[freeze].name} to the head ({trained:,} backbone parameters)."
