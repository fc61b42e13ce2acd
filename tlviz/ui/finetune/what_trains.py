"""Which stages train from which epoch on, and what of them, beyond a depth: any set, any schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from tlviz.errors import TlvizError
from tlviz.finetune.choices import Tune
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.plan import parse_unfreeze
from tlviz.finetune.settings import STRATEGY_DECIDES
from tlviz.finetune.strategies import Strategy
from tlviz.models.spec import Stage
from tlviz.ui.messages import show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.settings import help_of


def render_what_trains(stages: Sequence[Stage], epochs: int) -> dict[str, Any]:
    """Draw any set of frozen stages, any schedule and what of a stage trains, and return what was chosen."""
    frozen, unfreeze, row = _frozen(stages), _unfreeze(stages, epochs), SETTINGS["tune"]
    tune = st.selectbox(
        row.label, [STRATEGY_DECIDES, *Tune], key=row.name, persist_state="session", format_func=str, help=help_of(row)
    )
    return {"tune": None if tune == STRATEGY_DECIDES else Tune(tune), "frozen": frozen, "unfreeze": unfreeze}


def set_beside_depth(strategy: Strategy) -> None:
    """Set all that a strategy prescribes besides depth and rates; no set of stages and no schedule of one's own."""
    st.session_state["layer_decay"] = strategy.layer_decay
    st.session_state["unfreeze_factor"] = strategy.unfreeze_factor
    st.session_state[Key.STAGE_RATES] = strategy.stage_rates
    st.session_state[Key.FROZEN] = []
    st.session_state[Key.UNFREEZE] = ""


def _frozen(stages: Sequence[Stage]) -> tuple[str, ...] | None:
    chosen = st.multiselect(
        SETTINGS["frozen"].label, [stage.name for stage in stages[:-1]], key=Key.FROZEN, persist_state="session",
        placeholder="the first ones, as the handle says",
        help="These stay frozen instead of the first ones, wherever they are. Moving the handle forgets them.",
    )  # fmt: skip
    return tuple(chosen) or None


def _unfreeze(stages: Sequence[Stage], epochs: int) -> str | None:
    row = SETTINGS["unfreeze"]
    text = st.text_input(row.label, key=Key.UNFREEZE, persist_state="session", placeholder=row.usual, help=help_of(row))
    try:
        parse_unfreeze(text, epochs, stages)
    except TlvizError as error:
        show_error(error)
    return text.strip() or None
