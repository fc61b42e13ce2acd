"""Which stages train from which epoch on, and what of them, beyond a depth: any set, any schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from tlviz.errors import TlvizError
from tlviz.finetune.choices import BatchNorm, Tune
from tlviz.finetune.plan import parse_thaw
from tlviz.finetune.strategies import Strategy
from tlviz.models.spec import Stage
from tlviz.ui.messages import show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.fields import number, one_of

AS_THE_STRATEGY = "as the strategy says"
LAYER_DECAY = "layer_decay"
THAW_FACTOR = "thaw_factor"
THAW_HELP = (
    "From which epoch on what is frozen, instead of the strategy's schedule: 4:3, 7:0 freezes the first 3 stages from "
    "epoch 4 on and none from epoch 7 on; 6:stem+fire2 names them."
)


def render_what_trains(stages: Sequence[Stage], epochs: int) -> dict[str, Any]:
    """Draw any set of frozen stages, any schedule and what of a stage trains, and return what was chosen."""
    frozen, thaw = _frozen(stages), _thaw(stages, epochs)
    tune = st.selectbox(
        "Train of a stage", [AS_THE_STRATEGY, *Tune], key="tune", persist_state="session", format_func=str,
        help="All of it, its normalisation only, or small added matrices (LoRA) where there is attention.",
    )  # fmt: skip
    return {
        "tune": None if tune == AS_THE_STRATEGY else Tune(tune),
        "lora_rank": number("LoRA rank", "lora_rank", 8, 1, "Columns of the added matrices."),
        "frozen": frozen,
        "thaw": thaw,
        "batchnorm": one_of(
            "BatchNorm of frozen stages",
            "batchnorm",
            BatchNorm,
            "Frozen to the byte; or its statistics move, are measured once on the target, or train.",
        ),
    }


def set_beside_depth(strategy: Strategy) -> None:
    """Set all that a strategy prescribes besides depth and rates; no set of stages and no schedule of one's own."""
    st.session_state[LAYER_DECAY] = strategy.layer_decay
    st.session_state[THAW_FACTOR] = strategy.thaw_factor
    st.session_state[Key.STAGE_RATES] = strategy.stage_rates
    st.session_state[Key.FROZEN] = []
    st.session_state[Key.THAW] = ""


def _frozen(stages: Sequence[Stage]) -> tuple[str, ...] | None:
    chosen = st.multiselect(
        "Frozen stages by name", [stage.name for stage in stages[:-1]], key=Key.FROZEN, persist_state="session",
        placeholder="the first ones, as the handle says",
        help="These stay frozen instead of the first ones, wherever they are. Moving the handle forgets them.",
    )  # fmt: skip
    return tuple(chosen) or None


def _thaw(stages: Sequence[Stage], epochs: int) -> str | None:
    text = st.text_input(
        "Unfreezing", key=Key.THAW, persist_state="session", placeholder=AS_THE_STRATEGY, help=THAW_HELP
    )
    try:
        parse_thaw(text, epochs, stages)
    except TlvizError as error:
        show_error(error)
    return text.strip() or None
