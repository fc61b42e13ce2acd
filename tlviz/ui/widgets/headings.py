"""What the columns of tables are called on a page, with units; files keep the short names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

Columns = Mapping[str, Any]
_COLUMN = st.column_config


def _share(label: str, help: str | None = None) -> Any:  # noqa: A002 (as Streamlit calls it)
    return _COLUMN.NumberColumn(label, format="percent", help=help)


def _number(label: str, form: str = "%.2f", help: str | None = None) -> Any:  # noqa: A002
    return _COLUMN.NumberColumn(label, format=form, help=help)


STAGE_COLUMNS: Columns = {
    "name": _COLUMN.TextColumn("Stage", pinned=True),
    "width": _number("Channels", "localized"),
    "probe": _share("Probe accuracy", "A linear classifier on the stage's features."),
    "probe_se": _share("± of the probe", "One standard error."),
    "behind": _share("Behind the best stage"),
    "behind_se": _share("± behind the best stage", "One standard error of the difference on the same images."),
    "random_probe": _share("Probe, random weights"),
    "random_probe_se": _share("± of the probe, random weights", "One standard error."),
    "gain": _share("Gain over random weights"),
    "gain_se": _share("± of the gain", "One standard error of the difference on the same images."),
    "permuted_probe": _share("Probe, shuffled labels", "The mean over several shuffles: there is nothing to learn."),
    "permuted_high": _share("Highest, shuffled labels", "The highest of these shuffles."),
    "knn": _share("Nearest neighbours", "Accuracy of a vote of the most similar images."),
    "random_knn": _share("Nearest neighbours, random weights"),
    "transrate": _number("TransRate, nats per dimension", "%.3f", "How much the features tell of the class."),
    "separability": _share("Variance between classes", "The share of the features' variance."),
    "cka_to_random": _number("CKA to random weights, 0 to 1", "%.3f", "Likeness to the same stage untrained."),
    "effective_rank": _number("Effective rank, directions", "%.1f", "Over how many directions the features spread."),
    "random_effective_rank": _number("Effective rank, random weights", "%.1f"),
    "intrinsic_dimension": _number("Intrinsic dimension", "%.1f", "How many numbers would tell the images apart."),
    "shift": _number("Stage shift, times noise", help="Distance to the source's channel statistics."),
    "shift_raw": _number("Stage shift, deviations of the source", "%.3f"),
    "kid": _number("KID, times noise", help="Kernel distance to source-like photographs."),
    "kid_raw": _number("KID, unscaled", "%.4f"),
    "relative_gradient": _number("Relative gradient, 0 to 1", help="Where training would change the most."),
    "explained": _share("Variance shown on the map"),
    "random_spread": _share("Spread of the random draws", "How far networks with other random weights differ."),
}
"""Of ``StageProfile``."""

EPOCH_COLUMNS: Columns = {
    "epoch": _number("Epoch", "%d"),
    "train_loss": _number("Training loss", "%.4f"),
    "train_accuracy": _share("Training accuracy"),
    "val_loss": _number("Validation loss", "%.4f"),
    "val_accuracy": _share("Validation accuracy"),
    "val_macro_f1": _share("Validation F1", "The mean over the classes."),
    "duration_s": _number("Duration, s"),
    "images_per_s": _number("Images per second", "%.0f"),
    "noise_scale": _number("Gradient noise scale, images", "%.0f", "Much smaller batches give noisy steps."),
    "memory_mb": _number("Memory, MB", "%.0f"),
    "shared_s": _number("Saved by kept features, s", help="What the frozen stages would have taken longer."),
}
"""Of ``Epoch``."""

GROUP_COLUMNS: Columns = {
    "from epoch": _number("From epoch", "%d"),
    "stage": _COLUMN.TextColumn("Stage"),
    "rate": _COLUMN.TextColumn("Learning rate"),
    "parameters": _number("Parameters", "localized"),
    "weight decay": _number("Weight decay", "%g"),
}

FILE_COLUMNS: Columns = {
    "path": _COLUMN.TextColumn("File or folder"),
    "problem": _COLUMN.TextColumn("Finding"),
    "action": _COLUMN.TextColumn("Action taken"),
    "reason": _COLUMN.TextColumn("Reason"),
}
"""Of ``Problem``, and of what is left out of a target."""
