"""A run's settings taken over into the Fine-tune page, where one of them is changed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import streamlit as st

from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.notes import remember_reading, remembered_reading
from tlviz.data.sources.public import PUBLIC, is_downloaded
from tlviz.data.sources.reading import GUESSED, ReadAs
from tlviz.data.sources.store import stored
from tlviz.errors import BadSettingError
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.finetune.settings import STRATEGY_DECIDES
from tlviz.finetune.strategies import default_freeze, find_strategy
from tlviz.models.local_weights import available_models
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import summarise
from tlviz.ui.cached import networks, targets
from tlviz.ui.finetune.carried import carry
from tlviz.ui.finetune.form import PLANNED_STAGES, rate_text
from tlviz.ui.frame import OWN_FOLDER
from tlviz.ui.state import Key

PLAIN = ("strategy", "image_size", *(row.name for row in SETTINGS.values() if row.place in ("top", "tab")))
"""Settings whose widget on the Fine-tune page has their own name and takes any value of theirs."""
READING = frozenset(field.name for field in fields(ReadAs))


def prepare_clone(run: RunFolder) -> None:
    """Set source, target and every control of the Fine-tune page to what a run had, and carry what has no control.

    Call it from a callback.

    Raises ``BadSettingError`` where its settings are damaged or its network is not on this machine.
    """
    config = FinetuneConfig.from_json(summarise(run).settings)
    if config.model not in available_models():
        raise BadSettingError(f"The network {config.model} is not on this machine; download it on the Models page.")
    state = st.session_state
    state[Key.SOURCE] = config.model
    set_target(config.data)
    state[Key.HEAD_LR], state[Key.BACKBONE_LR] = written(config.head_lr), written(config.backbone_lr)
    for name in PLAIN:
        state[name] = getattr(config, name)
    state["tune"] = STRATEGY_DECIDES if config.tune is find_strategy(config.strategy).tune else config.tune
    state[Key.FROZEN], state[Key.UNFREEZE] = list(config.frozen or ()), config.unfreeze or ""
    _set_split(config)
    _set_depth(run, config)
    if config.read_as not in {GUESSED, remembered_reading(config.data)}:
        remember_reading(config.data, config.read_as)  # the pages show the target as they read it themselves
        targets.forget()
    carry(run.name, _without_field(config))


def written(rate: float) -> str:
    """Return a rate as the page writes it, such as 1e-3."""
    short = rate_text(rate)
    return short if float(short) == rate else repr(rate)


def set_target(data: str) -> None:
    """Choose a run's target by name, or its folder as the person's own."""
    path = Path(data)
    if data in SHIPPED or (data in PUBLIC and is_downloaded(PUBLIC[data])):
        st.session_state[Key.TARGET] = data
    elif stored(path.name) == path:
        st.session_state[Key.TARGET] = path.name
    else:
        st.session_state[Key.TARGET], st.session_state[Key.FOLDER] = OWN_FOLDER, data


def _set_split(config: FinetuneConfig) -> None:
    from tlviz.ui.target.views import ALL_LABELS

    st.session_state[Key.TEST_SHARE] = config.test_share
    st.session_state[Key.LABELS] = str(config.labels_per_class or ALL_LABELS)
    st.session_state[Key.FLIP] = config.flip


def _without_field(config: FinetuneConfig) -> dict[str, Any]:
    """Return what has no field on the page and is not as usual; how to read a target is noted with the target."""
    usual = configure(config.model, config.data, config.strategy)
    names = [row.name for row in SETTINGS.values() if row.place == "nowhere" and row.name not in READING]
    return {name: getattr(config, name) for name in names if getattr(config, name) != getattr(usual, name)}


def _set_depth(run: RunFolder, config: FinetuneConfig) -> None:
    """Set the freeze depth, and tell the form that its plan is made for this network's stages already."""
    begun = summarise(run).start_event
    classes = begun.get("classes")
    stages = networks.target_stages(config.model, len(classes) if isinstance(classes, list | tuple) else 2)
    usual = default_freeze(find_strategy(config.strategy), stages) if config.freeze is None else config.freeze
    depth = 0 if config.frozen == () else usual
    st.session_state[PLANNED_STAGES] = [stage.name for stage in stages]
    st.session_state[Key.FREEZE] = min(depth, len(stages) - 1)
