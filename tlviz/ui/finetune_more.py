"""What most people leave alone in a run: images, regularisation, rates over time, what of a stage trains."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import streamlit as st

from tlviz.data.mix_kinds import Mix
from tlviz.data.pictures import Fit
from tlviz.data.splits import SplitPlan
from tlviz.finetune.choices import Augment, BatchNorm, ClassWeights, DeviceChoice, Monitor, Schedule, Tune
from tlviz.models.catalogue import find_model
from tlviz.models.spec import ModelSpec
from tlviz.ui.state import Key
from tlviz.ui.target_views import chosen_plan, describe_plan

AS_THE_STRATEGY = "as the strategy says"
LAYER_DECAY = "layer_decay"
THAW_FACTOR = "thaw_factor"
IMAGE_SIZES = (96, 128, 160, 192, 224, 256, 320)


def render_more(model: str, parts: Sequence[str]) -> dict[str, Any]:
    """Draw the rare settings and return what was chosen."""
    images, regular, rates, trains = st.tabs(["Images", "Against over-fitting", "Rates", "What trains"])
    with images:
        chosen = _images_and_seed(find_model(model), chosen_plan(parts))
    with regular:
        chosen |= _regularisation()
    with rates:
        chosen |= _rate_plan()
    with trains:
        chosen |= _what_trains()
    return chosen


def _images_and_seed(spec: ModelSpec, plan: SplitPlan) -> dict[str, Any]:
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
    if plan != SplitPlan():
        st.caption(describe_plan(plan))
    return {
        "image_size": size,
        "fit": _one_of("Fit", "fit", Fit, "Pad: nothing is cut off. Crop: as the weights' authors did."),
        "augment": _one_of("Augmentation", "augment", Augment, "See what it does on the Target page."),
        "views": _value("Views", "views", 4, 1, "So many fixed versions of each picture go through frozen stages."),
        "seed": _value("Seed", "seed", 0, 1, "Decides the split, the head's start and the order of the images."),
        "device": st.selectbox("Device", list(DeviceChoice), key="device", persist_state="session"),
        "test_share": plan.test_share,
        "labels_per_class": plan.labels_per_class,
        "flip": st.session_state.get(Key.FLIP),
    }


def _regularisation() -> dict[str, Any]:
    words = "Equal, or balanced: an image of a rare class counts more."
    return {
        "dropout": _value(
            "Dropout", "dropout", None, 0.1, "Before the logits; empty keeps what the network was built with."
        ),
        "weight_decay": _value("Weight decay", "weight_decay", 0.01, 0.01, "Spares biases and normalisation."),
        "label_smoothing": _value("Label smoothing", "label_smoothing", 0.0, 0.05, "Shares a little with all classes."),
        "mix": _one_of("Mix", "mix", Mix, "Mixup blends two pictures and their labels, CutMix pastes a part."),
        "l2_sp": _value("Pull to the start (L2-SP)", "l2_sp", 0.0, 0.01, "Draws weights back to their start."),
        "class_weights": _one_of("Class weights", "class_weights", ClassWeights, words),
        "patience": _value(
            "Patience",
            "patience",
            5,
            1,
            "Epochs without a better one before the run ends; counts only in the last phase.",
        ),
        "monitor": _one_of("Best by", "monitor", Monitor, "Which validation number decides the best epoch."),
    }


def _rate_plan() -> dict[str, Any]:
    return {
        "layer_decay": _value(
            "Layer decay", LAYER_DECAY, None, 0.1, "Each earlier stage's rate is the next one's times this."
        ),
        "schedule": _one_of("Schedule", "schedule", Schedule, "How all rates change over the epochs."),
        "warmup": _value(
            "Warm-up", "warmup", 0.0, 0.5, "Epochs in which the rates rise to their values; not under one_cycle."
        ),
        "thaw_factor": _value("Rates after unfreezing", THAW_FACTOR, None, 0.1, "Times so much at each unfreezing."),
        "accumulate": _value("Batches an update", "accumulate", 1, 1, "More keep the effective batch in less memory."),
        "ema": _value("Averaged weights (EMA)", "ema", 0.0, 0.1, "Decay of the average, such as 0.99; 0 is off."),
    }


def _what_trains() -> dict[str, Any]:
    tune = st.selectbox(
        "Train of a stage", [AS_THE_STRATEGY, *Tune], key="tune", persist_state="session", format_func=str,
        help="All of it, its normalisation only, or small added matrices (LoRA) where there is attention.",
    )  # fmt: skip
    return {
        "tune": None if tune == AS_THE_STRATEGY else Tune(tune),
        "lora_rank": _value("LoRA rank", "lora_rank", 8, 1, "Columns of the added matrices."),
        "batchnorm": _one_of(
            "BatchNorm of frozen stages",
            "batchnorm",
            BatchNorm,
            "Frozen to the byte; or its statistics move, are measured once on the target, or train.",
        ),
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
