"""What happened inside a run's network: drift, gradients, rates, and what is left of the source."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tlviz.figures.inside import plot_similarity
from tlviz.figures.theme import chart_config
from tlviz.finetune.config import FinetuneConfig
from tlviz.runs.advice.transfer_gain import SCRATCH, Direction, compare_with_scratch, starts_pretrained, yardstick
from tlviz.runs.launch import start_finetune
from tlviz.runs.moved import moved_in_words
from tlviz.runs.source_left import left_in_reading
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import RunSummary, summarise
from tlviz.ui.cached import run_charts
from tlviz.ui.messages import heed
from tlviz.ui.state import Key, key_of

MEASURES = {
    "Weights moved": ("weight_drift", "share of the starting weights", True),
    "Gradients": ("gradient_norms", "mean gradient norm", True),
    "Rates": ("rates", "learning rate", True),
}
AIDS = {
    "Weights moved": "How far each stage's weights are from their start, as a share of them. ",
    "Gradients": "How hard the target pulls at each stage. Frozen stages have no line.",
    "Rates": "What the optimizer used in the last step of each epoch.",
}
LEFT = "Source answers kept"
WORTH = "Gain over random weights"


def render_inside(run: RunFolder, summary: RunSummary) -> None:
    """Let a person choose one view of the inside; nothing before the first trained epoch."""
    trained = [epoch for epoch in summary.epochs if epoch["epoch"] > 0]
    if not trained:
        return
    readings = summary.gauges
    has_worth = summary.status.is_over and starts_pretrained(summary)
    views = [*MEASURES, *([LEFT] if len(readings) > 1 else []), *([WORTH] if has_worth else [])]
    view = st.segmented_control(
        "Inside the network", views, default=views[0], required=True, key="inside_view", persist_state="session"
    )
    if view == LEFT:
        _left_of_the_source(readings)
        return
    if view == WORTH:
        _worth_of_the_source(run, summary)
    if view not in MEASURES:
        return
    measure, title, is_log = MEASURES[view]
    stages = _stage_names(trained, measure)
    figure = run_charts.by_stage(summary, measure, title, stages, is_log=is_log)
    st.plotly_chart(figure, key=key_of("inside", measure, run.name), config=chart_config())
    more = {
        "Weights moved": lambda: moved_in_words(trained, pretrained=starts_pretrained(summary)),
        "Gradients": lambda: _noise(trained),
    }
    st.caption(AIDS[view] + more.get(view, str)())


def _stage_names(epochs: list[dict[str, Any]], measure: str) -> list[str]:
    """Return all stages in their order: the weight drift names every one."""
    named: dict[str, None] = {}
    for epoch in epochs:
        named |= dict.fromkeys(epoch.get("weight_drift") or {})
        named |= dict.fromkeys(epoch.get(measure) or {})
    return list(named)


def _noise(epochs: list[dict[str, Any]]) -> str:
    scale = epochs[-1].get("noise_scale")
    if scale is None:
        return ""
    return (
        f" Gradient noise scale: about {scale:,.0f} images. With so many in a batch, noise and signal of a step are "
        "equal; much smaller batches give noisy steps."
    )


def _left_of_the_source(readings: list[dict[str, Any]]) -> None:
    """Show how much of the pretrained network the kept weights still are."""
    kept = next((reading for reading in reversed(readings) if reading["moment"] == "best"), readings[-1])
    left = left_in_reading(kept)
    if not kept["similarity"]:
        st.caption(
            f"It cannot be told what is left: only {left.pictures} of the bundled photographs do not train this run."
            if left
            else "There was not enough memory to compare the trained network with the source."
        )
        return
    if left is not None and left.share is not None:
        of = f" ± {left.error:.0%} of {left.pictures}" if left.error is not None else " of"
        st.markdown(
            f"With its original head, the tuned backbone (epoch {kept['epoch']}) still names **{left.share:.0%}**{of} "
            "photographs like the source's as it did before tuning: the rest is forgotten."
        )
    st.plotly_chart(plot_similarity(kept["similarity"]), key="inside_similarity", config=chart_config())
    st.caption(
        "How alike each stage's features are to the pretrained ones, on bundled photographs of which none trains: 1 is "
        "unchanged. The number is debiased linear CKA: whether images that lay together still do, corrected for how "
        "few they are. ± is one standard error of these pictures. Read at the start, at the best epoch and at the end; "
        "of a stopped run without the end."
    )


def _worth_of_the_source(run: RunFolder, summary: RunSummary) -> None:
    """Compare with the same network trained from scratch, or offer to train it."""
    scratch = [
        summarise(other) for other in list_runs(FINETUNE) if other.config()["settings"].get("strategy") == SCRATCH
    ]
    transfer = compare_with_scratch(summary, scratch)
    if transfer is None:
        st.markdown("How much did pretraining gain? The same network from random weights, on the same pictures, tells.")
        if any(not other.status.is_over for other in scratch):
            st.caption("A run from scratch is under way.")
        st.button("Train it from scratch", key=key_of("scratch", run.name), on_click=heed, args=(_start_yardstick, run))
        return
    gain = f"{transfer.gain:+.1%}"
    words = {
        Direction.POSITIVE: f":material/trending_up: Pretraining gained **{gain}**",
        Direction.NEGATIVE: f":material/trending_down: **Negative transfer**: pretraining cost **{gain}**",
        Direction.UNCLEAR: f":material/trending_flat: **Not distinguishable** from scratch ({gain})",
    }[transfer.direction]
    st.markdown(
        f"{words}: best {summary.best_val_accuracy:.1%} against {transfer.scratch_accuracy:.1%} from random weights."
    )
    st.caption(
        f"The yardstick ran {transfer.scratch_epochs} epochs, this run {summary.epochs_run}. The difference is "
        f"{transfer.gain:+.1%} ± {transfer.error:.1%} (one standard error) on the same pictures, judged at 95% "
        "(McNemar); one run each cannot show how far runs differ by luck."
    )


def _start_yardstick(run: RunFolder) -> None:
    config = FinetuneConfig.from_json(run.config()["settings"])
    st.session_state[Key.RUN] = start_finetune(yardstick(config)).name
