"""The controls of a fine-tuning run: strategy, freeze depth, rates, and the rest folded away."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import streamlit as st

from tlviz.data.pictures import Fit
from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Augment, DeviceChoice, Optimizer
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.strategies import STRATEGIES, default_freeze
from tlviz.models.catalogue import find_model
from tlviz.models.spec import ModelSpec, Stage
from tlviz.ui.stage_strip import describe_freeze, render_stage_strip
from tlviz.ui.state import Key

NAMED_BY_DEPTH = ("head_only", "last_stages", "discriminative", "full", "from_scratch")
FIRST_STRATEGY = "last_stages"
RATES = ("1e-5", "3e-5", "1e-4", "3e-4", "1e-3", "3e-3", "1e-2")
OPTIMIZER_WORDS = {Optimizer.ADAMW: "AdamW", Optimizer.SGD: "SGD, momentum 0.9"}
LAYER_DECAY = "layer_decay"
PLANNED_STAGES = "planned_stages"
IMAGE_SIZES = (96, 128, 160, 192, 224, 256, 320)


def render_plan(stages: Sequence[Stage]) -> None:
    """Draw the strategy cards and the strip with its freeze handle; both write the same session keys."""
    _start(stages)
    cards, words = st.columns([1.5, 1], vertical_alignment="center")
    cards.segmented_control(
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
    words.caption(STRATEGIES[st.session_state[Key.STRATEGY]].sentence)
    render_stage_strip(
        stages,
        key="freeze_strip",
        freeze=st.session_state[Key.FREEZE],
        on_freeze=lambda depth: _set_freeze(stages, depth),
    )
    st.caption(describe_freeze(stages, st.session_state[Key.FREEZE]))


def render_settings(model: str, data: str) -> FinetuneConfig:
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
    chosen["epochs"] = epochs.number_input("Epochs", value=10, step=1, key=Key.EPOCHS, persist_state="session")
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
        chosen |= _rare(model)
    return configure(
        model,
        data,
        st.session_state[Key.STRATEGY],
        freeze=st.session_state[Key.FREEZE],
        head_lr=_number("head rate", Key.HEAD_LR),
        backbone_lr=_number("backbone rate", Key.BACKBONE_LR),
        **chosen,
    )


def _rare(model: str) -> dict[str, Any]:
    """Draw what most people leave alone."""
    left, right = st.columns(2)
    with left:
        chosen = _images_and_seed(find_model(model))
    with right:
        chosen |= _regularisation()
    chosen["augment"] = _one_of(
        "Augmentation", "augment", Augment, "Light: mirror (not digits) and shift. Strong: RandAugment too."
    )
    return chosen


def _images_and_seed(spec: ModelSpec) -> dict[str, Any]:
    own_size = spec.preprocessing.size
    sizes = sorted({own_size, *(size for size in IMAGE_SIZES if spec.takes(size))})
    size = st.selectbox(
        "Image size",
        sizes,
        index=sizes.index(own_size),
        key="image_size",
        persist_state="session",
        help="Side in pixels; smaller is faster.",
    )
    return {
        "image_size": size,
        "fit": _one_of("Fit", "fit", Fit, "Pad: nothing is cut off. Crop: as the weights' authors did."),
        "seed": _value("Seed", "seed", 0, 1, "Decides the split, the head's start and the order of the images."),
        "device": st.selectbox("Device", list(DeviceChoice), key="device", persist_state="session"),
    }


def _regularisation() -> dict[str, Any]:
    return {
        "dropout": _value(
            "Dropout", "dropout", None, 0.1, "Before the logits; empty keeps what the network was built with."
        ),
        "weight_decay": _value("Weight decay", "weight_decay", 0.01, 0.01, "Spares biases and normalisation."),
        "layer_decay": _value(
            "Layer decay", LAYER_DECAY, None, 0.1, "Each earlier stage's rate is the next one's times this."
        ),
        "patience": _value("Patience", "patience", 5, 1, "Epochs without a better one before the run ends."),
    }


def _value(label: str, key: str, default: float | None, step: float, words: str) -> float | None:
    """Draw a number; None is empty, or what a preset has put into the session."""
    form = "%d" if isinstance(step, int) else "%g"
    chosen: float | None = st.number_input(
        label,
        value=default,
        step=step,
        format=form,
        key=key,
        persist_state="session",
        help=words,
        placeholder="as built",
    )
    return chosen


def _one_of(label: str, key: str, kind: type[StrEnum], words: str) -> StrEnum:
    chosen: StrEnum = st.segmented_control(
        label, list(kind), default=next(iter(kind)), key=key, required=True, persist_state="session", help=words
    )
    return chosen


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
        st.session_state[Key.STRATEGY] = FIRST_STRATEGY
    elif st.session_state.get(PLANNED_STAGES) == names:
        return
    st.session_state[PLANNED_STAGES] = names
    _take_preset(stages)


def _take_preset(stages: Sequence[Stage]) -> None:
    """Set depth and rates to what the chosen strategy prescribes."""
    strategy = STRATEGIES[st.session_state[Key.STRATEGY]]
    st.session_state[Key.FREEZE] = default_freeze(strategy, stages)
    st.session_state[Key.HEAD_LR] = f"{strategy.head_lr:.0e}".replace("e-0", "e-")
    st.session_state[Key.BACKBONE_LR] = f"{strategy.backbone_lr:.0e}".replace("e-0", "e-")
    st.session_state[LAYER_DECAY] = strategy.layer_decay


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
