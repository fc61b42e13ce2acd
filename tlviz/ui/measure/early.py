"""The curve that grows while a target is measured."""

from __future__ import annotations

import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.diagnose.early import early_stages
from tlviz.figures.early_profile import early_in_words, plot_early
from tlviz.figures.theme import chart_config
from tlviz.models.catalogue import find_model
from tlviz.runs.store.folder import RunFolder
from tlviz.ui.cached import networks
from tlviz.ui.messages import plain
from tlviz.ui.state import key_of
from tlviz.ui.widgets.panels import POLL_S


def render_early(run: RunFolder) -> None:
    """Show the stages that a job has measured so far; they come one by one."""
    st.fragment(_early, run_every=POLL_S)(run)


def _early(run: RunFolder) -> None:
    settings = run.config()["settings"]
    model, data = str(settings.get("model", "")), str(settings.get("data", ""))
    stages = [stage.name for stage in networks.own_stages(model)[:-1]]
    found = early_stages(run.events())
    if found:
        st.plotly_chart(plot_early(stages, found), key=key_of("early", run.name), config=chart_config())
    title = f"{find_model(model).title} on {plain(dataset_title(data))}"
    st.caption(f"**{title}.** {early_in_words(stages, found)}")
