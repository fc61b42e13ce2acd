"""The main picture of the Measure page: the chosen target's curve, and others beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.diagnose.records import Profile
from tlviz.figures.depth import DepthScale
from tlviz.figures.networks import fit_in_words
from tlviz.figures.profile import plot_probe_curves
from tlviz.figures.profile_numbers import Shown, StageCurve, curve_of, finding, how_to_read
from tlviz.figures.target_words import compare_targets
from tlviz.figures.theme import png_config
from tlviz.medium import retold
from tlviz.modality import shipped_for
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import available_models
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached import networks
from tlviz.ui.cached.profiles import contests, known_profile, measured_targets
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
SHOWN_WORDS = {Shown.GAIN: "Gain over random", Shown.ACCURACY: "Accuracy"}
SCALE_WORDS = {DepthScale.DEPTH: "By stages", DepthScale.COMPUTE: "By compute"}


def render_curve(profile: Profile) -> list[Profile]:
    """Say what the curves show, draw controls, chart and how to read it; return what is drawn beside the profile."""
    headline = st.container()
    row = st.container(horizontal=True, vertical_alignment="center")
    left, middle, right, more = (row.container(width="content") for _ in range(4))
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
        chosen = _choose_beside(beside, profile)
    pairs = chosen or beside_pairs(beside, profile.model, profile.data)
    others = [found for pair in pairs if (found := known_profile(*pair)) is not None]
    with headline:
        _headline(profile, others)
    with middle:
        shown = _shown(beside) if others else Shown.ACCURACY
    scale = DepthScale.STAGES
    with right:
        if beside is Beside.NETWORKS:
            scale = _axis()
        else:
            _measure_missing(pairs, "target")
    if beside is Beside.NETWORKS:
        _measure_missing(pairs, "network")
    render_running(pairs)
    _chart(profile, others, scale, shown)
    return others


def _headline(profile: Profile, others: Sequence[Profile]) -> None:
    """Say in bold what all that is drawn shows together, and beside others what the chosen one shows alone."""
    medium = find_model(profile.model).medium
    if not others:
        st.markdown(f"**{plain(retold(profile.summary, medium))}**")
        return
    if any(other.model != profile.model for other in others):
        titles = {name: spec.title for name, spec in available_models().items()}
        models = [found.model for found in (profile, *others)]
        words, whose = fit_in_words(contests(tuple(models), profile.data), titles), find_model(profile.model).title
    else:
        drawn = [profile, *others]
        words = compare_targets(drawn, [dataset_title(found.data) for found in drawn])
        whose = dataset_title(profile.data)
    st.markdown(f"**{plain(words)}**")
    st.markdown(f"*{plain(whose)}:* {plain(retold(profile.summary, medium))}")


def _shown(beside: Beside) -> Shown:
    """Let a person choose what several curves show: targets their gain, networks on one target their accuracy."""
    is_targets = beside is Beside.TARGETS
    key = Key.CURVE if is_targets else Key.NETWORK_CURVE
    from_address(key, list(SHOWN_WORDS), Shown.GAIN if is_targets else Shown.ACCURACY)
    st.segmented_control(
        "Shown", list(SHOWN_WORDS), format_func=SHOWN_WORDS.__getitem__, key=key, required=True,
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    to_address(key)
    return Shown(st.session_state[key])


def beside_pairs(beside: Beside, model: str, data: str) -> list[Pair]:
    """Return which networks on which targets belong beside a profile."""
    if beside is Beside.TARGETS:
        return [(model, name) for name in shipped_for(model) if name != data]
    if beside is Beside.NETWORKS:
        medium = find_model(model).medium
        alike = [spec.name for spec in available_models().values() if spec.medium is medium and spec.name != model]
        return [(name, data) for name in alike][:MOST_BESIDE]
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


def _chart(profile: Profile, others: Sequence[Profile], scale: DepthScale, shown: Shown) -> None:
    by_network = any(other.model != profile.model for other in others)
    own = [found.data for found in (profile, *others) if found.data not in DISTANCES]
    main, *rest = (_curve(found, own, by_network=by_network) for found in (profile, *others))
    main = replace(main, freeze=profile.advice.freeze)
    curves = [replace(curve, permuted=()) for curve in (main, *rest)] if rest else [main]
    figure = plot_probe_curves(
        curves, _title(profile, shown if others else None, by_network=by_network), shown=shown,
        scale=scale if by_network else DepthScale.STAGES, revision=f"{profile.model} {profile.data} {shown}",
    )  # fmt: skip
    name = f"profile-{profile.model}-{dataset_title(profile.data)}".replace(" ", "_")
    st.plotly_chart(figure, key="probe_curve", config=png_config(name))
    st.caption(plain(how_to_read(curves, shown)))


def _title(profile: Profile, shown: Shown | None, *, by_network: bool) -> str:
    """Title the chart: a curve alone by what it shows, several by what they are."""
    network, target = find_model(profile.model).title, dataset_title(profile.data)
    if shown is None:
        return f"{network} on {target}: {finding(profile)}"
    what = "what pretraining adds at each stage" if shown is Shown.GAIN else "accuracy of a probe at each stage"
    return f"Networks on {target}: {what}" if by_network else f"{network}: {what}"


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
