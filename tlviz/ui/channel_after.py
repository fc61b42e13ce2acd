"""The same channel after fine-tuning, below what it was before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.runs.folder import FINETUNE, RunFolder, Status, list_runs
from tlviz.runs.summary import summarise
from tlviz.ui import cached_channels
from tlviz.ui.address import from_address, to_address
from tlviz.ui.channel_panel import Place, render_views, sentence, top_of
from tlviz.ui.panels import RECENT, run_label
from tlviz.ui.state import Key

if TYPE_CHECKING:
    from tlviz.explore.channels import TopImages

NONE = "none"


def render_after(place: Place, channel: int) -> None:
    """Let a person choose a finished run of this network, where there is one, and show the same channel in it."""
    runs = {run.name: run for run in list_runs(FINETUNE) if _is_of(run, place.model)}
    if not runs:
        return
    from_address(Key.AFTER, [NONE, *runs], NONE)
    labels = {name: run_label(summarise(run)) for name, run in list(runs.items())[:RECENT]}
    st.divider()
    chosen = st.selectbox(
        "The same channel after fine-tuning", [NONE, *runs], key=Key.AFTER, persist_state="session",
        format_func=lambda name: labels.get(name, name),
    )  # fmt: skip
    to_address(Key.AFTER)
    if chosen == NONE:
        return
    reason = _why_not(place, chosen)
    if reason:
        st.info(reason, icon=":material/block:")
        return
    after = replace(place, tuned=chosen)
    before, now = top_of(place), top_of(after)
    st.markdown(f"After it: {sentence(after, now, channel)} {describe_change(before, now, channel)}")
    render_views(after, now, channel)


def describe_change(before: TopImages, after: TopImages, channel: int) -> str:
    """Say how much of a channel is as it was: shared top images, and class selectivity before and after."""
    shared = len(np.intersect1d(before.images[channel], after.images[channel]))
    count = before.images.shape[1]
    change = f"Of its {count} top images **{shared}** are the same"
    first, second = (float(top.selectivity()[channel]) for top in (before, after))
    if np.isnan(first) or np.isnan(second):
        return f"{change}."
    return f"{change}; class selectivity went from {first:.2f} to {second:.2f}."


def _is_of(run: RunFolder, model: str) -> bool:
    return (
        run.config()["settings"].get("model") == model
        and run.weights.exists()
        and run.status() in (Status.FINISHED, Status.STOPPED)
    )


def _why_not(place: Place, run: str) -> str:
    """Say why a run cannot be set beside the pretrained network at a stage, or nothing."""
    if place.stage is place.stages[-1]:
        return "The run has a new head for its own classes: its channels are not these."
    network = cached_channels.subject(place.model, run)
    own, shown = network.spec.preprocessing.size, place.images.pixels.shape[1]
    if own != shown:
        return f"The run's network takes pictures of {own} pixels only, and the pretrained one sees {shown} here."
    same = {(stage.name, stage.channels) for stage in network.stages}
    return "" if (place.stage.name, place.stage.channels) in same else "The run's network has no such stage."
