"""How alike stages see the target: among themselves, to random weights, to another network, to a run's start."""

from __future__ import annotations

import streamlit as st

from tlviz.diagnose.records import Profile
from tlviz.figures.stage_measures import plot_similarity_map, plot_stage_bars
from tlviz.figures.stage_words import (
    between_in_words,
    drift_in_words,
    known,
    random_likeness_in_words,
    similarity_in_words,
)
from tlviz.figures.theme import png_config
from tlviz.finetune.strategies import STRATEGIES
from tlviz.learn.words import define
from tlviz.medium import WORDS
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import available_models
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached.profiles import between, known_profile, run_drift, wanted
from tlviz.ui.measure.jobs import render_failure, render_running, start_missing
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import pick_run

ITSELF, RUN = "itself", "run"
"""What a network's stages are compared with, besides the names of other networks."""


def render_similarity(profile: Profile) -> None:
    """Let a person choose what the network is compared with, and draw it."""
    names = [stage.name for stage in profile.stages]
    here = available_models()
    medium = find_model(profile.model).medium
    networks = {name: spec.title for name, spec in here.items() if name != profile.model and spec.medium is medium}
    runs = _runs_of(profile)
    options = [ITSELF, *networks, *([RUN] if runs else [])]
    from_address(Key.AGAINST, options, ITSELF)
    words = {ITSELF: "Its own stages", RUN: "A run's start"} | networks
    st.segmented_control(
        "Compared with", options, format_func=words.__getitem__, key=Key.AGAINST, required=True,
        persist_state="session",
        help=define("CKA"),
    )  # fmt: skip
    to_address(Key.AGAINST)
    match st.session_state[Key.AGAINST]:
        case "itself":
            _own_stages(profile, names)
        case "run":
            _run(profile, runs)
        case other:
            _other_network(profile, names, str(other))


def _own_stages(profile: Profile, names: list[str]) -> None:
    left, right = st.columns([1.35, 1], gap="medium")
    with left:
        figure = plot_similarity_map(names, names, profile.similarity)
        st.plotly_chart(figure, key="similarity_map", config=png_config(f"similarity-{profile.model}"))
        st.caption(
            f"**{plain(similarity_in_words(names, profile.similarity))}** A cell: how similar two stages' features "
            f"are, by debiased linear CKA: whether the {WORDS[find_model(profile.model).medium].several} that lie "
            "together in one stage do so in the other, corrected for how few they are."
        )
    with right:
        values = [stage.cka_to_random for stage in profile.stages]
        figure = plot_stage_bars(names, values, "CKA to random weights", top=1.02)
        st.plotly_chart(figure, key="cka_to_random", config=png_config(f"cka-to-random-{profile.model}"))
        st.caption(
            f"**{plain(random_likeness_in_words(known(names, values)))}** Similarity to the same stage with random "
            "weights: low means that pretraining changed it."
        )


def _other_network(profile: Profile, names: list[str], other: str) -> None:
    title, pair = find_model(other).title, (other, profile.data)
    known = known_profile(*pair)
    if known is None:
        if not render_running([pair]):
            render_failure(pair)
            st.button(f"Measure {title} first", on_click=heed, args=(start_missing, [pair]), key="measure_other")
        return
    values = between(wanted(profile.model, profile.data), wanted(*pair))
    columns = [stage.name for stage in known.stages]
    figure = plot_similarity_map(names, columns, values, find_model(profile.model).title, title)
    st.plotly_chart(figure, key="similarity_between", config=png_config(f"similarity-{profile.model}-{other}"))
    st.caption(
        f"**{plain(between_in_words(names, columns, values, title))}** Each cell: similarity of a stage of this "
        f"network (row) and one of {title} (column) on the same images."
    )


def _run(profile: Profile, runs: list[RunFolder]) -> None:
    run = pick_run(runs, key=Key.RUN)
    drift = run_drift(run.name, wanted(profile.model, profile.data))
    figure = plot_stage_bars(list(drift), list(drift.values()), "CKA to the start", top=1.02)
    st.plotly_chart(figure, key="run_drift", config=png_config(f"drift-{run.name}"))
    words = drift_in_words(known(list(drift), list(drift.values())))
    st.caption(
        f"**{plain(words)}** Similarity of the run's best weights and the pretrained ones on the target's images: 1 is "
        "unchanged."
    )


def _runs_of(profile: Profile) -> list[RunFolder]:
    """Return this network's runs on this target that started from its pretrained weights and kept some."""
    return [run for run in list_runs(FINETUNE) if _is_of(run, profile) and run.weights.exists()]


def _is_of(run: RunFolder, profile: Profile) -> bool:
    settings = run.config()["settings"]
    strategy = STRATEGIES.get(str(settings.get("strategy")))
    is_pair = settings.get("model") == profile.model and settings.get("data") == profile.data
    return bool(is_pair and strategy and strategy.pretrained)
