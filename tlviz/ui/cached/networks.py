"""Networks in memory, pretrained ones and those of runs: one copy for all tabs, never trained, never changed.

Everything here, and everything in this room that a network computes, is keyed by ``stamp``: where the weights behind a
name change, what was known of the old ones is simply not found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlviz.api.pictures import at_size
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import weights_stamp
from tlviz.models.spec import Stage
from tlviz.runs.store.folder import find_run

# torch takes seconds to import, so what needs it is imported where it is first used: the page's text comes before.
if TYPE_CHECKING:
    from tlviz.models.load import Network


def stamp(model: str, run: str | None = None) -> str:
    """Return what changes when the weights of a pretrained network, or of a run where one is named, do."""
    if run:
        return f"run {run} {saved_at(run)}"
    spec = find_model(model)
    return f"{weights_stamp(spec)}|{hash(spec)}"  # its classes and preprocessing may change under the same weights


def saved_at(run: str | None) -> int:
    """Return when a run's best weights were written, in nanoseconds; 0 for no run, and where there are none."""
    return changed_at(find_run(run).weights) if run else 0


def changed_at(file: Path) -> int:
    """Return when a file was last written, in nanoseconds, 0 where it is not there."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def network(model: str, run: str | None = None) -> Network:
    """Return a pretrained network, or where a run is named, the one of that run's best weights."""
    return run_network(run) if run else _network(model, stamp(model))


def run_network(run: str) -> Network:
    """Return the network of a run's best weights."""
    return _run_network(run, saved_at(run))


def network_at_source_size(model: str, run: str | None) -> Network:
    """Return a network for pictures of the source's size, where a run's architecture takes that."""
    found = network(model, run)
    return found if run is None else at_size(found, find_model(model).preprocessing.size)


def target_stages(model: str, class_count: int) -> tuple[Stage, ...]:
    """Return a network's stages as they are when its head is new for this many classes."""
    return _stages(model, stamp(model), class_count, grouped=True)


def own_stages(model: str, *, grouped: bool = True) -> tuple[Stage, ...]:
    """Return the stages a network was pretrained with, or every block of it; no weights are read."""
    return _stages(model, stamp(model), find_model(model).class_count, grouped=grouped)


def bundle(run: str) -> tuple[bytes, Mapping[str, Any]]:
    """Return a run's best weights as one file, and what its header says of their training."""
    return _bundle(run, saved_at(run))


def forget() -> None:
    """Free the memory of all networks; nothing has to be forgotten for being right."""
    _network.clear()
    _run_network.clear()


@st.cache_resource(max_entries=4, show_spinner="Loading the network …")
def _network(model: str, stamp: str) -> Network:
    from tlviz.models.load import load_network

    return load_network(find_model(model))


@st.cache_resource(max_entries=4, show_spinner="Loading the run's network …")
def _run_network(run: str, saved_at: int) -> Network:
    from tlviz.export.bundle import load_bundle

    found = load_bundle(find_run(run).weights)
    return replace(found, spec=replace(found.spec, title=f"The network of run {run}"))  # for its mistakes


@st.cache_resource(max_entries=48, show_spinner="Building the architecture …")
def _stages(model: str, stamp: str, class_count: int, *, grouped: bool) -> tuple[Stage, ...]:
    from tlviz.models.load import architecture_stages

    return architecture_stages(find_model(model), class_count, grouped=grouped)


@st.cache_data(max_entries=4, show_spinner=False)
def _bundle(run: str, saved_at: int) -> tuple[bytes, Mapping[str, Any]]:
    from tlviz.export.bundle import read_header

    weights = find_run(run).weights
    return weights.read_bytes(), read_header(weights).training
