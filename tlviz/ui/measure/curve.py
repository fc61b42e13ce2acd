"""The main picture of the Measure page: the chosen target's curve, and others beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.data.sources.catalogue import DATASETS
from tlviz.diagnose.records import Profile
from tlviz.figures.depth import DepthScale
from tlviz.figures.profile import plot_probe_curves
from tlviz.figures.profile_numbers import StageCurve, curve_of, finding
from tlviz.figures.theme import png_config
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import available_models
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached import networks
from tlviz.ui.cached.profiles import known_profile, measured_targets
from tlviz.ui.measure.jobs import Pair, render_running, render_sample, running_jobs, start_missing
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.linked import linked_many
from tlviz.ui.widgets.stage_strip import block_heights, stage_facts

DISTANCES = {"photos": "near", "clipart": "shifted", "digits": "far"}
"""How near each bundled target is to the source, in a word."""
MOST_BESIDE = 3
"""At most this many targets or networks are drawn beside the chosen one."""


class Beside(StrEnum):
    """What is drawn beside the chosen network on the chosen target."""

    TARGETS = "targets"
    NETWORKS = "networks"
    NOTHING = "nothing"


BESIDE_WORDS = {
    Beside.TARGETS: "With other targets",
    Beside.NETWORKS: "With other networks",
    Beside.NOTHING: "Alone",
}
SCALE_WORDS = {DepthScale.DEPTH: "By stages", DepthScale.COMPUTE: "By compute"}


def render_curve(profile: Profile) -> None:
    """Draw the controls, the chart and one line that says how to read it."""
    row = st.container(horizontal=True, vertical_alignment="center")
    left, right, more = row.container(width="content"), row.container(width="content"), row.container(width="content")
    from_address(Key.BESIDE, list(Beside), Beside.TARGETS)
    with left:
        st.segmented_control(
            "Compare with", list(Beside), format_func=BESIDE_WORDS.__getitem__, key=Key.BESIDE, required=True,
            persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
    to_address(Key.BESIDE)
    beside = Beside(st.session_state[Key.BESIDE])
    with more.popover("More"):
        render_sample()
        others = _choose_beside(beside, profile)
    pairs = others or beside_pairs(beside, profile.model, profile.data)
    scale = DepthScale.STAGES
    with right:
        if beside is Beside.NETWORKS:
            scale = _axis()
        else:
            _measure_missing(pairs, "target")
    if beside is Beside.NETWORKS:
        _measure_missing(pairs, "network")
    render_running(pairs)
    _chart(profile, pairs, scale)


def beside_pairs(beside: Beside, model: str, data: str) -> list[Pair]:
    """Return which networks on which targets belong beside a profile."""
    if beside is Beside.TARGETS:
        return [(model, name) for name in DATASETS if name != data]
    if beside is Beside.NETWORKS:
        return [(name, data) for name in available_models() if name != model][:MOST_BESIDE]
    return []


def _choose_beside(beside: Beside, profile: Profile) -> list[Pair]:
    """Let a person choose what is drawn beside the curve instead of the usual; returns nothing for the usual."""
    if beside is Beside.TARGETS:
        names = [name for name in measured_targets(profile.model) if name != profile.data]
        words = {name: plain(dataset_title(name)) for name in names}
        chosen = linked_many(
            "Other targets", names, key=Key.WITH_TARGETS, most=MOST_BESIDE, words=words.__getitem__,
            placeholder="The bundled ones",
        )  # fmt: skip
        return [(profile.model, name) for name in chosen]
    if beside is Beside.NETWORKS:
        titles = {name: spec.title for name, spec in available_models().items() if name != profile.model}
        chosen = linked_many(
            "Other networks", list(titles), key=Key.WITH_NETWORKS, most=MOST_BESIDE, words=titles.__getitem__,
            placeholder="The first three",
        )  # fmt: skip
        return [(name, profile.data) for name in chosen]
    return []


def _axis() -> DepthScale:
    from_address(Key.AXIS, list(SCALE_WORDS), DepthScale.DEPTH)
    st.segmented_control(
        "Axis", list(SCALE_WORDS), format_func=SCALE_WORDS.__getitem__, key=Key.AXIS, required=True,
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    to_address(Key.AXIS)
    return DepthScale(st.session_state[Key.AXIS])


def _measure_missing(pairs: Sequence[Pair], what: str) -> None:
    """Offer to measure what belongs beside the curve and is not known yet."""
    missing = [pair for pair in pairs if known_profile(*pair) is None]
    if missing and not running_jobs(missing):
        words = f"Measure the other {len(missing)} {what}s" if len(missing) > 1 else f"Measure the other {what}"
        st.button(
            words, icon=":material/add_chart:", on_click=heed, args=(start_missing, missing), key="measure_missing"
        )


def _chart(profile: Profile, pairs: Sequence[Pair], scale: DepthScale) -> None:
    others = [found for pair in pairs if (found := known_profile(*pair)) is not None]
    by_network = any(other.model != profile.model for other in others)
    own = [found.data for found in (profile, *others) if found.data not in DISTANCES]
    main, *rest = (_curve(found, own, by_network=by_network) for found in (profile, *others))
    curves = [replace(main, freeze=profile.advice.freeze), *(replace(curve, permuted=()) for curve in rest)]
    title = f"{find_model(profile.model).title} on {dataset_title(profile.data)}: {finding(profile)}"
    figure = plot_probe_curves(
        curves, title, scale=scale if by_network else DepthScale.STAGES, revision=f"{profile.model} {profile.data}"
    )
    name = f"profile-{profile.model}-{dataset_title(profile.data)}".replace(" ", "_")
    st.plotly_chart(figure, key="probe_curve", config=png_config(name))
    st.caption(
        "Point: accuracy of a linear classifier (a probe) on that stage's features; band: one standard error; shaded: "
        "the gain over random weights. Permuted labels: the most that a probe reaches where there is nothing to learn."
    )


def _curve(profile: Profile, own: Sequence[str], *, by_network: bool) -> StageCurve:
    stages = networks.own_stages(profile.model)
    curve = curve_of(profile, *(_network_name(profile) if by_network else _target_name(profile, own)))
    return replace(
        curve,
        costs=tuple(stage.cost_share for stage in stages),
        heights=tuple(block_heights(stages)),
        facts=tuple("".join(f"<br>{fact}" for fact in stage_facts(stage)) for stage in stages),
    )


def _network_name(profile: Profile) -> tuple[str, int]:
    """Return a network's title and its colour among those on this machine."""
    return find_model(profile.model).title, list(available_models()).index(profile.model)


def _target_name(profile: Profile, own: Sequence[str]) -> tuple[str, int]:
    """Return a target's title and its colour: the bundled ones have one each, a person's ``own`` the next."""
    title = dataset_title(profile.data)
    if profile.data not in DISTANCES:
        return title, len(DISTANCES) + own.index(profile.data)
    return f"{title} ({DISTANCES[profile.data]})", list(DISTANCES).index(profile.data)
