"""Where runs are executed, folded away: this machine, or a cluster and what a run asks it for."""

from __future__ import annotations

import streamlit as st

from tlviz.runs.launchers.resources import LAUNCHERS, LOCAL, Resources, read_resources, settings_file
from tlviz.ui.messages import plain

TITLES = {LOCAL: "This machine", "slurm": "SLURM cluster"}


def render_launcher(key: str) -> Resources:
    """Draw the choice of a launcher and return what was chosen.  Raises ``TlvizError`` for what cannot be."""
    known = read_resources()
    with st.expander("Where it runs", expanded=False):
        name = st.segmented_control(
            "Launcher", list(LAUNCHERS), default=known.launcher, required=True, key=f"{key}_launcher",
            format_func=lambda one: TITLES[one], persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
        if name == LOCAL:
            st.caption("Runs wait for one another and work one at a time.")
            return known.changed({"launcher": LOCAL})
        return _cluster(known, key)


def _cluster(known: Resources, key: str) -> Resources:
    """Draw what a run asks a cluster for."""
    left, middle, right = st.columns(3)
    chosen = {
        "launcher": "slurm",
        "partition": left.text_input("Partition", known.partition, key=f"{key}_partition", persist_state="session"),
        "account": middle.text_input("Account", known.account, key=f"{key}_account", persist_state="session"),
        "time_min": right.number_input(
            "Minutes", value=known.time_min, min_value=1, step=10, key=f"{key}_time", persist_state="session",
            help="Limit of one job; a run that needs longer is saved, queued again and goes on.",
        ),
        "memory_gb": left.number_input(
            "Memory (GB)", value=float(known.memory_gb), min_value=0.0, step=4.0, key=f"{key}_memory",
            persist_state="session", help="0 is as the cluster has it.",
        ),
        "gpus": middle.number_input(
            "GPUs", value=known.gpus, min_value=0, step=1, key=f"{key}_gpus", persist_state="session"
        ),
        "cpus": right.number_input(
            "CPUs", value=known.cpus, min_value=1, step=1, key=f"{key}_cpus", persist_state="session"
        ),
        "array_size": left.number_input(
            "Side by side", value=known.array_size, min_value=1, step=1, key=f"{key}_array", persist_state="session",
            help="Runs of a race that work at the same time, at most.",
        ),
    }  # fmt: skip
    st.caption(f"First values and further options of sbatch come from {plain(str(settings_file()))}, if it is there.")
    return known.changed(chosen)
