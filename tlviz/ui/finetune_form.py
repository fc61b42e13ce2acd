"""The controls of a fine-tuning run: strategy, freeze depth, rates, and the rest folded away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Optimizer
from tlviz.finetune.config import RANGES, FinetuneConfig, configure
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.strategies import STRATEGIES, default_freeze
from tlviz.models.spec import Stage
from tlviz.ui.finetune_address import plan_to_address, take_plan
from tlviz.ui.finetune_more import LAYER_DECAY, THAW_FACTOR, render_more
from tlviz.ui.stage_strip import describe_freeze, render_stage_strip
from tlviz.ui.state import Key

NAMED_BY_DEPTH = ("head_only", "last_stages", "discriminative", "full", "from_scratch")
FIRST_STRATEGY = "last_stages"
EPOCHS = 10
MOST_PHASES = 4
RATES = ("1e-5", "3e-5", "1e-4", "3e-4", "1e-3", "3e-3", "1e-2")
OPTIMIZER_WORDS = {Optimizer.ADAMW: "AdamW", Optimizer.SGD: "SGD, momentum 0.9"}
PLANNED_STAGES = "planned_stages"


def render_plan(model: str, stages: Sequence[Stage]) -> None:
    """Draw the strategy cards and the strip with its freeze handle; both write the same session keys."""
    _start(stages)
    st.pills(
        "Strategy",
        list(STRATEGIES),
        format_func=lambda name: STRATEGIES[name].title,
        key=Key.STRATEGY,
        required=True,
        persist_state="session",
        on_change=_take_preset,
        args=(stages,),
        label_visibility="collapsed",
    )
    st.caption(STRATEGIES[st.session_state[Key.STRATEGY]].sentence)
    render_stage_strip(
        stages,
        key="freeze_strip",
        freeze=st.session_state[Key.FREEZE],
        on_freeze=lambda depth: _set_freeze(stages, depth),
    )
    st.caption(_plan_in_words(model, stages))


def render_settings(model: str, data: str, parts: Sequence[str]) -> FinetuneConfig:
    """Draw rates, epochs and the rest, and return the run they describe.

    Raises ``BadSettingError`` with one sentence where a value is out of its range.
    """
    head, backbone = st.columns(2)
    epochs, batch, optimizer = st.columns([1, 1, 1.35])
    chosen: dict[str, Any] = {}
    with head:
        _rate("Head rate", Key.HEAD_LR, "Learning rate of the new layers; the course says about 1e-3.")
    with backbone:
        _rate(
            "Backbone rate",
            Key.BACKBONE_LR,
            "Learning rate of pretrained layers: 1e-5 to 1e-4, so that they keep what they know.",
        )
    chosen["epochs"] = epochs.number_input("Epochs", value=EPOCHS, step=1, key=Key.EPOCHS, persist_state="session")
    chosen["batch_size"] = batch.number_input(
        "Batch size", value=32, step=8, key=Key.BATCH_SIZE, persist_state="session"
    )
    chosen["optimizer"] = optimizer.selectbox(
        "Optimizer",
        list(Optimizer),
        format_func=OPTIMIZER_WORDS.__getitem__,
        key=Key.OPTIMIZER,
        persist_state="session",
    )
    with st.expander("More"):
        chosen |= render_more(model, parts)
    plan_to_address()
    return configure(
        model,
        data,
        st.session_state[Key.STRATEGY],
        freeze=st.session_state[Key.FREEZE],
        head_lr=_number("head rate", Key.HEAD_LR),
        backbone_lr=_number("backbone rate", Key.BACKBONE_LR),
        **chosen,
    )


def rate_text(rate: float) -> str:
    """Write a learning rate as the fields do: 1e-3, 2.5e-4."""
    return f"{rate:.1e}".replace(".0e", "e").replace("e-0", "e-").replace("e+00", "")


def _plan_in_words(model: str, stages: Sequence[Stage]) -> str:
    """Say what is frozen and trained, phase by phase where there are several."""
    freeze = st.session_state[Key.FREEZE]
    allowed = RANGES["epochs"]
    epochs = int(min(max(allowed.low, st.session_state.get(Key.EPOCHS) or EPOCHS), allowed.high))
    config = configure(model, "", st.session_state[Key.STRATEGY], freeze=freeze, epochs=epochs)
    phases = plan_phases(config, stages)
    if len(phases) == 1:
        return describe_freeze(stages, freeze)
    words = []
    for phase in phases:
        opened = len(stages) - len(phase.frozen)
        what = "the head alone" if opened == 1 else "everything" if not phase.frozen else f"the last {opened} stages"
        rates = f" at {phase.rate_factor:g} times the rates" if phase.rate_factor != 1 else ""
        words.append(f"from epoch {phase.first_epoch} {what}{rates}")
    shown = words if len(words) <= MOST_PHASES else [words[0], words[1], "…", words[-1]]
    return f"{'; '.join(shown)}.".capitalize()


def _rate(label: str, key: Key, words: str) -> None:
    current = str(st.session_state[key])
    options = [*RATES] if current in RATES else [*RATES, current]
    st.selectbox(label, options, key=key, accept_new_options=True, help=words, persist_state="session")


def _number(label: str, key: Key) -> float:
    text = str(st.session_state[key])
    try:
        return float(text)
    except ValueError:
        raise BadSettingError(f"The {label} is '{text}'; write a number such as 1e-3.") from None


def _start(stages: Sequence[Stage]) -> None:
    """Begin with the first strategy; where another network is chosen, take the strategy's depth for it."""
    names = [stage.name for stage in stages]
    if Key.STRATEGY not in st.session_state:
        asked = st.query_params.get(Key.STRATEGY)
        st.session_state[Key.STRATEGY] = asked if asked in STRATEGIES else FIRST_STRATEGY
        st.session_state[PLANNED_STAGES] = names
        _take_preset(stages)
        take_plan(len(stages))
        return
    if st.session_state.get(PLANNED_STAGES) == names:
        return
    st.session_state[PLANNED_STAGES] = names
    _take_preset(stages)


def _take_preset(stages: Sequence[Stage]) -> None:
    """Set depth and rates to what the chosen strategy prescribes."""
    strategy = STRATEGIES[st.session_state[Key.STRATEGY]]
    st.session_state[Key.FREEZE] = default_freeze(strategy, stages)
    st.session_state[Key.HEAD_LR] = rate_text(strategy.head_lr)
    st.session_state[Key.BACKBONE_LR] = rate_text(strategy.backbone_lr)
    st.session_state[LAYER_DECAY] = strategy.layer_decay
    st.session_state[THAW_FACTOR] = strategy.thaw_factor


def _set_freeze(stages: Sequence[Stage], depth: int) -> None:
    st.session_state[Key.FREEZE] = depth
    _follow_freeze(stages)


def _follow_freeze(stages: Sequence[Stage]) -> None:
    """Name the strategy by the depth a person set, without touching the rates; others take any depth."""
    depth, chosen = st.session_state[Key.FREEZE], st.session_state[Key.STRATEGY]
    if chosen not in NAMED_BY_DEPTH:
        return
    if depth == len(stages) - 1:
        st.session_state[Key.STRATEGY] = "head_only"
    elif depth > 0:
        st.session_state[Key.STRATEGY] = "last_stages"
    elif chosen in {"head_only", "last_stages"}:
        st.session_state[Key.STRATEGY] = "full"
