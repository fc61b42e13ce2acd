"""What happened inside a run's network: drift, gradients, rates, and what is left of the source."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tlviz.figures.inside import plot_by_stage, plot_similarity
from tlviz.figures.theme import chart_config
from tlviz.runs.folder import RunFolder
from tlviz.runs.summary import RunSummary

MEASURES = {
    "Weights moved": ("weight_drift", "share of the starting weights", True),
    "Gradients": ("gradient_norms", "mean gradient norm", True),
    "Rates": ("rates", "learning rate", True),
}
AIDS = {
    "Weights moved": "How far each stage's weights are from their start: early stages should move little.",
    "Gradients": "How hard the target pulls at each stage. Frozen stages have no line.",
    "Rates": "What the optimizer used in the last step of each epoch.",
}
LEFT = "Left of the source"


def render_inside(run: RunFolder, summary: RunSummary) -> None:
    """Let a person choose one view of the inside; nothing before the first trained epoch."""
    trained = [epoch for epoch in summary.epochs if epoch["epoch"] > 0]
    if not trained:
        return
    readings = [event for event in run.events() if event.get("event") == "gauged"]
    views = [*MEASURES, *([LEFT] if len(readings) > 1 else [])]
    view = st.segmented_control(
        "Inside the network", views, default=views[0], required=True, key="inside_view", persist_state="session"
    )
    if view == LEFT:
        _left_of_the_source(readings)
        return
    if view not in MEASURES:
        return
    measure, title, is_log = MEASURES[view]
    stages = _stage_names(trained, measure)
    figure = plot_by_stage(trained, measure, stages, title, is_log=is_log)
    st.plotly_chart(figure, key=f"inside_{measure}_{run.name}", config=chart_config())
    st.caption(f"{AIDS[view]}{_noise(trained) if view == 'Gradients' else ''}")


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
    return f" Gradient noise scale: about {scale:,.0f} images; much smaller batches than that give noisy steps."


def _left_of_the_source(readings: list[dict[str, Any]]) -> None:
    """Show how much of the pretrained network the kept weights still are."""
    kept = next((reading for reading in readings if reading["moment"] == "best"), readings[-1])
    agreement = kept.get("source_agreement")
    if agreement is not None:
        st.markdown(
            f"With its original head, the tuned backbone (epoch {kept['epoch']}) still names **{agreement:.0%}** of "
            "photographs like the source's as it did before tuning: the rest is forgotten."
        )
    st.plotly_chart(plot_similarity(kept["similarity"]), key="inside_similarity", config=chart_config())
    st.caption(
        "How alike each stage's features are to the pretrained ones (debiased linear CKA, 1 is unchanged), on bundled "
        "photographs."
    )
