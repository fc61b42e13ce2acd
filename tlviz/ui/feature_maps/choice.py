"""What of a network is looked at, and how it is drawn: stage or layer, channels, colour scale, overlay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadSettingError
from tlviz.learn.words import define
from tlviz.models.spec import Layout, Stage
from tlviz.ui.address import from_address, to_address
from tlviz.ui.before_after import TunedRun, pick_tuned_runs
from tlviz.ui.cached import looks
from tlviz.ui.state import Key
from tlviz.ui.widgets.linked import linked_choice, linked_select, linked_slider, linked_text
from tlviz.ui.widgets.rows import words_and_buttons

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Map, Order

DIFFERENCE = "difference"
MAPS = "maps"
ALL = "all stages"
WHOLE = "whole stage"
SHOWN_OVERLAY = 60
_MOST_NUMBERS = 200


class View(StrEnum):
    """The ways to look at feature maps."""

    CHANNELS = "Channels"
    ONE = "One channel"
    TWO = "Two pictures"
    CHANGE = "What if"
    FIELD = "Receptive field"
    RUNS = "Before and after"


class Scale(StrEnum):
    """Whether each channel has a colour scale of its own, or all of a stage have one."""

    OWN = "own"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class MapChoice:
    """What a person chose: ``stage`` is ``ALL`` or a stage, ``layer`` '' or one inside it, ``overlay`` in percent.

    ``runs`` are shown beside the pretrained network, with ``is_difference`` what they have more than it.
    """

    model: str
    stages: tuple[Stage, ...]
    stage: str
    layer: str
    order: Order
    numbers: tuple[int, ...]
    is_shared: bool
    overlay: int
    runs: tuple[TunedRun, ...] = ()
    is_difference: bool = False

    @property
    def places(self) -> list[str]:
        """The stages or the layer whose maps are shown."""
        if self.stage == ALL:
            return [stage.name for stage in self.stages]
        return [self.layer or self.stage]

    def maps(self, pixels: Pixels, run: str = "") -> Mapping[str, Map]:
        """Return the feature maps (C, H, W) of every stage or layer that a network makes of a picture.

        A run's maps are brought to the same grid where it sees pictures in another size.
        """
        if self.layer:
            return looks.inside(self.model, run, pixels, self.stage, self.layer).maps
        return looks.seen(self.model, run, pixels).maps

    def layer_of(self, pixels: Pixels) -> tuple[str, Layout]:
        """Return the module whose output is the chosen layer's map, and its memory layout."""
        if self.layer:
            found = looks.inside(self.model, "", pixels, self.stage, self.layer)
            return self.layer, found.layouts[self.layer]
        stage = next(stage for stage in self.stages if stage.name == self.stage)
        return stage.modules[-1], stage.layout


def render_choice(model: str, stages: tuple[Stage, ...], view: View) -> tuple[MapChoice, DeltaGenerator]:
    """Draw the controls of what is looked at.

    Where a view needs a single stage one is chosen, and the second value has room for one more control.
    """
    from tlviz.explore.maps.feature_maps import Order

    needs_one = view in (View.ONE, View.FIELD)
    _settle_stage(stages, needs_one=needs_one)
    has_layers = st.session_state[Key.STAGE] != ALL
    fields, button = words_and_buttons(align="bottom")
    columns = fields.columns([1.4, 1.2, 1.1] if has_layers else [2.55, 0.05, 1.1], vertical_alignment="bottom")
    with columns[0]:
        names = [stage.name for stage in stages]
        stage = st.select_slider(
            "Stage", names if needs_one else [ALL, *names], key=Key.STAGE, persist_state="session",
            help=define("stage", "Early ones see edges and colours, late ones parts; or click a block above."),
        )  # fmt: skip
        to_address(Key.STAGE)
    layer = ""
    if has_layers:
        with columns[1]:
            layer = _pick_layer(model, stage)
    order: str = Order.STANDING_OUT
    if not needs_one:
        with columns[2]:
            order = linked_select(
                "Channels first", list(Order), Order.STANDING_OUT, key=Key.ORDER,
                help="Standing out: rises highest above its own median somewhere in the picture, so that a plain "
                "background does not come first. Strongest: highest mean absolute activation. Most varied: largest "
                "spread over the picture. Chosen: the numbers you type.",
            )  # fmt: skip
    with button.popover("More"):
        is_shared, overlay = _more()
        runs, is_difference = ((), False) if view in (View.CHANNELS, View.RUNS) else _beside(model, view)
    numbers: tuple[int, ...] = ()
    if order == Order.CHOSEN:
        typed = linked_text("Channel numbers", key=Key.NUMBERS, placeholder="0, 7, 20-29")
        numbers = parse_numbers(typed or "0-9")
    return MapChoice(
        model, stages, stage, layer, Order(order), numbers, is_shared, overlay, runs, is_difference
    ), columns[2]


def _settle_stage(stages: Sequence[Stage], *, needs_one: bool) -> None:
    """Put a stage into the session that the slider has: the middle one where the view needs one and none is chosen."""
    names = [stage.name for stage in stages]
    from_address(Key.STAGE, [ALL, *names], ALL)
    if needs_one and st.session_state[Key.STAGE] == ALL:
        st.session_state[Key.STAGE] = names[len(names) // 2]


def _pick_layer(model: str, stage: str) -> str:
    paths = list(looks.layer_paths(model)[stage])
    chosen = linked_select(
        "Layer", [WHOLE, *paths], WHOLE, key=Key.LAYER, words=lambda path: WHOLE if path == WHOLE else path,
        help="Every layer of the stage whose output is a map, in the order in which they run.",
    )  # fmt: skip
    return "" if chosen == WHOLE else chosen


def _more() -> tuple[bool, int]:
    scale = linked_choice(
        "Colour scale", list(Scale), Scale.OWN, key=Key.SHARED,
        help="Own: each channel from its lowest to its highest value. Shared: one scale for all channels of a stage.",
    )  # fmt: skip
    overlay = linked_slider(
        "Overlay on the picture, percent", 0, 100, 0, key=Key.OVERLAY, step=5,
        help="0 shows the maps alone; above that, they cover the grey picture with this strength.",
    )  # fmt: skip
    return scale == Scale.SHARED, overlay


def _beside(model: str, view: View) -> tuple[tuple[TunedRun, ...], bool]:
    """Let a person pick runs to be shown beside the pretrained network, and whether as maps or as a difference."""
    runs = tuple(pick_tuned_runs(model))
    if not runs or view is View.FIELD or view is View.CHANGE:
        return runs, False
    shown = linked_choice("Show runs as", [MAPS, DIFFERENCE], MAPS, key=Key.SHOW)
    return runs, shown == DIFFERENCE


def parse_numbers(typed: str) -> tuple[int, ...]:
    """Read channel numbers and ranges such as ``0, 7, 20-29``.  Raises ``BadSettingError`` for anything else."""
    numbers: list[int] = []
    for part in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*-\s*", "-", typed.strip()))):
        found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part)
        if found is None:
            raise BadSettingError(f"'{part}' is not a channel number; write numbers and ranges such as 0, 7, 20-29.")
        first, last = int(found[1]), int(found[2] or found[1])
        numbers.extend(range(first, min(last, first + _MOST_NUMBERS) + 1))
    return tuple(dict.fromkeys(numbers))[:_MOST_NUMBERS]
