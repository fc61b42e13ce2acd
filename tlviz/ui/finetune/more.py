"""What most people leave alone in a run: images, regularisation, rates over time, the machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from tlviz.data.pixels.pictures import Fit
from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import SplitPlan
from tlviz.finetune.choices import Augment, ClassWeights, DeviceChoice, Monitor, Schedule, StageRates
from tlviz.models.catalogue import find_model
from tlviz.models.spec import ModelSpec, Stage
from tlviz.ui.finetune.what_trains import LAYER_DECAY, THAW_FACTOR, render_what_trains
from tlviz.ui.state import Key
from tlviz.ui.target.views import chosen_plan, describe_plan
from tlviz.ui.widgets.fields import number, one_of, with_current

IMAGE_SIZES = (96, 128, 160, 192, 224, 256, 320)
PATIENCE_HELP = (
    "Epochs without a better one before the run ends. Where stages unfreeze on the way, only those after the last "
    "unfreezing count."
)
WARMUP_HELP = "Epochs in which the rates rise to their values. Not used by one_cycle, which rises in its own way."
STAGE_RATES_HELP = (
    "Decay: each earlier stage's rate is the next one's times the layer decay. Gradient: besides, the more the target "
    "pulls at a stage, the higher its rate."
)


def render_more(model: str, parts: Sequence[str], stages: Sequence[Stage], epochs: int) -> dict[str, Any]:
    """Draw the rare settings and return what was chosen."""
    images, regular, rates, trains = st.tabs(["Images", "Against over-fitting", "Rates", "What trains"])
    with images:
        chosen = _images_and_seed(find_model(model), chosen_plan(parts))
    with regular:
        chosen |= _regularisation()
    with rates:
        chosen |= _rate_plan()
    with trains:
        chosen |= render_what_trains(stages, epochs)
    return chosen


def _images_and_seed(spec: ModelSpec, plan: SplitPlan) -> dict[str, Any]:
    own_size = spec.preprocessing.size
    sizes = sorted({own_size, *(size for size in with_current(IMAGE_SIZES, "image_size") if spec.takes(size))})
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
        "fit": one_of("Fit", "fit", Fit, "Pad: nothing is cut off. Crop: as the weights' authors did."),
        "augment": one_of("Augmentation", "augment", Augment, "See what it does on the Target page."),
        "views": number("Views", "views", 4, 1, "So many fixed versions of each picture go through frozen stages."),
        "seed": number("Seed", "seed", 0, 1, "Decides the split, the head's start and the order of the images."),
        "test_share": plan.test_share,
        "labels_per_class": plan.labels_per_class,
        "flip": st.session_state.get(Key.FLIP),
    }


def _regularisation() -> dict[str, Any]:
    words = "Equal, or balanced: an image of a rare class counts more."
    return {
        "dropout": number(
            "Dropout", "dropout", None, 0.1, "Before the logits; empty keeps what the network was built with."
        ),
        "weight_decay": number("Weight decay", "weight_decay", 0.01, 0.01, "Spares biases and normalisation."),
        "label_smoothing": number("Label smoothing", "label_smoothing", 0.0, 0.05, "Shares a little with all classes."),
        "mix": one_of("Mix", "mix", Mix, "Mixup blends two pictures and their labels, CutMix pastes a part."),
        "l2_sp": number("Pull to the start (L2-SP)", "l2_sp", 0.0, 0.01, "Draws weights back to their start."),
        "class_weights": one_of("Class weights", "class_weights", ClassWeights, words),
        "patience": number("Patience", "patience", 5, 1, PATIENCE_HELP),
        "monitor": one_of("Best by", "monitor", Monitor, "Which validation number decides the best epoch."),
    }


def _rate_plan() -> dict[str, Any]:
    return {
        "layer_decay": number(
            "Layer decay", LAYER_DECAY, None, 0.1, "Each earlier stage's rate is the next one's times this."
        ),
        "stage_rates": st.segmented_control(  # its value is the strategy's, so it has no default here
            "Rates of the stages", list(StageRates), key=Key.STAGE_RATES, required=True, persist_state="session",
            help=STAGE_RATES_HELP,
        ),
        "schedule": one_of("Schedule", "schedule", Schedule, "How all rates change over the epochs."),
        "warmup": number("Warm-up", "warmup", 0.0, 0.5, WARMUP_HELP),
        "thaw_factor": number("Rates after unfreezing", THAW_FACTOR, None, 0.1, "Times so much at each unfreezing."),
        "accumulate": number("Batches an update", "accumulate", 1, 1, "More keep the effective batch in less memory."),
        "ema": number("Averaged weights (EMA)", "ema", 0.0, 0.1, "Decay of the average, such as 0.99; 0 is off."),
    }  # fmt: skip


def render_machine() -> dict[str, Any]:
    """Draw where and how a run computes, and return what was chosen."""
    return {
        "device": st.selectbox("Device", list(DeviceChoice), key="device", persist_state="session"),
        "threads": number(
            "Threads", "threads", None, 1, "Cores that compute; empty takes all there are.", empty="all cores"
        ),
        "cache_mb": number(
            "Cache, MB", "cache_mb", 2048, 256, "Memory for what frozen stages compute; 0 computes it at every step."
        ),
        "gauges": st.toggle(
            "Measure what is left of the source", value=True, key="gauges", persist_state="session",
            help="At the start and at the best epoch, on bundled photographs; off saves the time.",
        ),
        "deterministic": st.toggle(
            "Repeatable to the bit", key="deterministic", persist_state="session",
            help="On a GPU: the same run gives the same bits again; slower.",
        ),
        "compile": st.toggle(
            "Compile the network", key="compile", persist_state="session",
            help="On a GPU: torch.compile; slow at the start, faster from then on.",
        ),
    }  # fmt: skip
