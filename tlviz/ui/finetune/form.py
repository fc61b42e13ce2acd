"""The controls of a fine-tuning run: strategy, freeze depth, rates, and the rest folded away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from tlviz.errors import BadSettingError, TlvizError
from tlviz.finetune.choices import Optimizer
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.settings import Group, Setting
from tlviz.finetune.strategies import FIRST_STRATEGY, STRATEGIES, default_freeze
from tlviz.models.spec import Stage
from tlviz.ui.finetune.address import plan_to_address, take_plan
from tlviz.ui.finetune.carried import render_carried
from tlviz.ui.finetune.depths import Depths
from tlviz.ui.finetune.more import render_more
from tlviz.ui.finetune.what_trains import set_beside_depth
from tlviz.ui.state import Key
from tlviz.ui.widgets.settings import draw, draw_group, help_of
from tlviz.ui.widgets.stage_strip import render_stage_strip

NAMED_BY_DEPTH = ("head_only", "last_stages", "discriminative", "full", "from_scratch")
RATES = ("1e-5", "3e-5", "1e-4", "3e-4", "1e-3", "3e-3", "1e-2")
OPTIMIZER_WORDS = {Optimizer.ADAMW: "AdamW", Optimizer.SGD: "SGD, momentum 0.9"}
PLANNED_STAGES = "planned_stages"
FIELD_WIDTHS = (84, 92, 112)
"""Pixels of epochs, batch size and optimizer: in a narrow window the last goes into a line of its own."""


def render_plan(stages: Sequence[Stage], known: Callable[[], Depths]) -> st.delta_generator.DeltaGenerator:
    """Draw the strategy cards and the strip with its freeze handle; both write the same session keys.

    ``known`` returns what is known of each depth; it is asked once the strategy is chosen.

    Returns the place for the plan in words, which the settings below decide too.
    """
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
    frozen = st.session_state.get(Key.FROZEN, [])
    depths = known()
    render_stage_strip(
        stages,
        key="freeze_strip",
        notes=depths.notes,
        lane=depths.lane,
        freeze=_gapless(frozen, stages) if frozen else st.session_state[Key.FREEZE],
        frozen=frozen or None,
        on_freeze=lambda depth: _set_freeze(stages, depth),
    )
    return st.container()


def render_settings(model: str, data: str, parts: Sequence[str], stages: Sequence[Stage]) -> FinetuneConfig:
    """Draw rates, epochs and the rest, and return the run they describe.

    Raises ``BadSettingError`` with one sentence where a value is out of its range or the plan is not for these stages.
    """
    head, backbone = st.columns(2)
    row = st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom")
    epochs, batch, optimizer = (row.container(width=width) for width in FIELD_WIDTHS)
    with head:
        _rate(SETTINGS["head_lr"])
    with backbone:
        _rate(SETTINGS["backbone_lr"])
    chosen: dict[str, Any] = {
        "epochs": draw(SETTINGS["epochs"], epochs),
        "batch_size": draw(SETTINGS["batch_size"], batch),
        "optimizer": draw(SETTINGS["optimizer"], optimizer, words=OPTIMIZER_WORDS),
    }
    with st.expander("More"):
        chosen |= render_more(model, parts, stages, int(chosen["epochs"] or SETTINGS["epochs"].default))
    with st.expander(Group.MACHINE.value):
        chosen |= draw_group(Group.MACHINE)
    plan_to_address()
    chosen["freeze"] = st.session_state[Key.FREEZE]
    chosen |= {name: _number(SETTINGS[name]) for name in ("head_lr", "backbone_lr")}
    config = configure(model, data, st.session_state[Key.STRATEGY], **(render_carried() | chosen))
    _check_plan(config, stages)
    return config


def rate_text(rate: float) -> str:
    """Write a learning rate as the fields do: 1e-3, 2.5e-4."""
    return f"{rate:.1e}".replace(".0e", "e").replace("e-0", "e-").replace("e+00", "")


def _check_plan(config: FinetuneConfig, stages: Sequence[Stage]) -> None:
    """Raise ``BadSettingError`` where the plan is not for these stages; a schedule's mistake stands by its field."""
    try:
        plan_phases(config, stages)
    except TlvizError as error:
        if config.unfreeze is None:
            raise
        row = SETTINGS["unfreeze"]
        raise BadSettingError(f"The field {row.label}, under More, {row.group}, has a mistake.") from error


def _rate(row: Setting) -> None:
    current = str(st.session_state[row.name])
    options = [*RATES] if current in RATES else [*RATES, current]
    st.selectbox(row.label, options, key=row.name, accept_new_options=True, help=help_of(row), persist_state="session")


def _number(row: Setting) -> float:
    text = str(st.session_state[row.name])
    try:
        return float(text)
    except ValueError:
        raise BadSettingError(f"The {row.words} is '{text}'; write a number such as 1e-3.") from None


def _start(stages: Sequence[Stage]) -> None:
    """Begin with the first strategy; where another network is chosen, take the strategy's depth for it."""
    names = [stage.name for stage in stages]
    if Key.STRATEGY not in st.session_state:
        asked = st.query_params.get(Key.STRATEGY)
        st.session_state[Key.STRATEGY] = asked if asked in STRATEGIES else FIRST_STRATEGY
        st.session_state[PLANNED_STAGES] = names
        _take_preset(stages)
        take_plan(names)
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
    set_beside_depth(strategy)


def _set_freeze(stages: Sequence[Stage], depth: int) -> None:
    st.session_state[Key.FREEZE], st.session_state[Key.FROZEN] = depth, []
    _follow_freeze(stages)


def _gapless(frozen: Sequence[str], stages: Sequence[Stage]) -> int:
    """Return how many stages from the stem on are frozen without a gap."""
    return next(at for at, stage in enumerate(stages) if stage.name not in frozen)


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
