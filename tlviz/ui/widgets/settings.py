"""A control for a setting, made from its row in the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlviz.finetune.config import SETTINGS
from tlviz.finetune.settings import STRATEGY_DECIDES, Group, Setting
from tlviz.learn.words import define

PERSISTED = "session"
WORDS_OF = {
    "freeze": "freezing", "frozen": "freezing", "unfreeze": "unfreezing", "tune": "stage", "lora_rank": "LoRA",
    "batchnorm": "BatchNorm", "head_lr": "learning rate", "backbone_lr": "learning rate", "layer_decay": "layer decay",
    "stage_rates": "learning rate", "schedule": "schedule", "warmup": "warm-up", "unfreeze_factor": "unfreezing",
    "epochs": "epoch", "batch_size": "batch size", "optimizer": "optimizer", "patience": "early stopping",
    "seed": "seed", "strategy": "strategy", "augment": "augmentation", "dropout": "dropout",
    "weight_decay": "weight decay", "label_smoothing": "label smoothing",
}  # fmt: skip
"""The word of the glossary that labels the control of a setting."""


def help_of(row: Setting) -> str:
    """Return what shows on hover at the control of a setting: its word's definition, and what the setting does."""
    return define(WORDS_OF[row.name], row.help) if row.name in WORDS_OF else row.help


def draw(
    row: Setting, where: DeltaGenerator | None = None, key: str | None = None, words: Mapping[Any, str] | None = None
) -> Any:
    """Draw the control of a setting and return what is chosen, None for an empty field.

    Its key is the setting's name unless another is given; ``words`` name the choices of a list, else they stand side by
    side under their own names.
    """
    place: Any = st if where is None else where
    about: dict[str, Any] = {"key": key or row.name, "persist_state": PERSISTED, "help": help_of(row)}
    if row.kind is bool:
        return place.toggle(row.label, value=row.default, **about)
    if row.choices:
        options = [row.kind(name) for name in row.choices]
        if words is not None:
            return place.selectbox(row.label, options, format_func=words.__getitem__, **about)
        return place.segmented_control(row.label, options, required=True, **about, **_default(row))
    return place.number_input(
        row.label,
        value=row.default,
        min_value=row.kind(row.low),
        max_value=row.kind(row.high),
        step=row.kind(row.step),
        format="%d" if row.kind is int else "%g",
        placeholder=row.usual or None,
        **about,
    )


def draw_group(group: Group) -> dict[str, Any]:
    """Draw the controls of a group that have no other place, in the order of the table; return what is chosen."""
    return {row.name: draw(row) for row in SETTINGS.values() if row.group is group and row.place == "tab"}


def _default(row: Setting) -> dict[str, Any]:
    """Return the default of a choice; where the strategy decides, it has put its own into the session."""
    return {} if row.usual == STRATEGY_DECIDES else {"default": row.default}
