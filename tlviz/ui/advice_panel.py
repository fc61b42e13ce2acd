"""What the profile advises, why, the race that checks it, and how the advice did."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

import streamlit as st

from tlviz.diagnose.records import Candidate, Confidence, Profile
from tlviz.finetune.choices import BatchNorm
from tlviz.finetune.strategies import STRATEGIES, default_freeze, find_strategy
from tlviz.runs.advice_record import Advised, Standing, Verdict, judge, keep_record
from tlviz.runs.advised import advised_runs, settings_of
from tlviz.ui import cached
from tlviz.ui.finetune_form import PLANNED_STAGES, rate_text
from tlviz.ui.finetune_more import LAYER_DECAY, THAW_FACTOR
from tlviz.ui.state import Key
from tlviz.ui.words import plain

CONFIDENCE_WORDS = {
    Confidence.NONE: "no reliable transfer signal: race everything",
    Confidence.LOW: "confidence low: the measures disagree",
    Confidence.HIGH: "confidence high: the measures agree",
}


def render_advice(profile: Profile) -> None:
    """Say what to try first, with a button that prepares it and the reasons folded away."""
    words, button = st.columns([3.4, 1], vertical_alignment="center")
    words.markdown(f"**Advice:** {advice_in_words(profile)}")
    with button:
        if st.button("Race the advice", type="primary", icon=":material/flag:", width="stretch"):
            prepare(profile, advised_runs(profile.advice)[0])
    with st.expander("Why", icon=":material/help:"):
        st.markdown("\n".join(f"- {plain(reason)}" for reason in profile.advice.reasons))
        for note in profile.notes:
            st.caption(plain(note))
        _candidates(profile)


def advice_in_words(profile: Profile) -> str:
    """Say freeze depth, strategy, rates and confidence in one line."""
    advice = profile.advice
    is_frozen = advice.freeze >= len(profile.stages)
    rates = f"head rate {rate_text(advice.head_lr)}"
    rates += "" if is_frozen else f", backbone rate {rate_text(advice.backbone_lr)}"
    return (
        f"{_depth(profile, advice.freeze)}, strategy *{STRATEGIES[advice.strategy].title}*, {rates} "
        f"({CONFIDENCE_WORDS[advice.confidence]})."
    )


def _depth(profile: Profile, freeze: int) -> str:
    if freeze == 0:
        return "freeze nothing"
    if freeze >= len(profile.stages):
        return "freeze the whole backbone"
    return f"freeze up to {profile.stages[freeze - 1].name}"


def _candidates(profile: Profile) -> None:
    """List the entrants of the suggested race, each with a button that opens it on the Fine-tune page."""
    st.markdown("**Worth racing**")
    for at, candidate in enumerate(profile.advice.candidates):
        words, button = st.columns([5, 1], vertical_alignment="center")
        words.markdown(f"*{_title(profile, candidate)}*: {plain(candidate.sentence)}")
        is_plain = candidate.frozen is None and candidate.batchnorm == BatchNorm.FROZEN
        if is_plain and button.button("Prepare", key=f"candidate_{at}"):
            prepare(profile, settings_of(candidate, profile.advice))


def _title(profile: Profile, candidate: Candidate) -> str:
    title = STRATEGIES[candidate.strategy].title
    return title if candidate.freeze is None else f"{title}, {_depth(profile, candidate.freeze)}"


def prepare(profile: Profile, settings: Mapping[str, Any]) -> None:
    """Open the Fine-tune page with a strategy, its depth and its rates."""
    stages = cached.target_stages(profile.model, len(profile.classes))
    strategy, freeze = find_strategy(settings["strategy"]), settings["freeze"]
    st.session_state[PLANNED_STAGES] = [stage.name for stage in stages]
    st.session_state[Key.STRATEGY] = strategy.name
    st.session_state[Key.FREEZE] = default_freeze(strategy, stages) if freeze is None else freeze
    st.session_state[Key.HEAD_LR] = rate_text(settings["head_lr"])
    st.session_state[Key.BACKBONE_LR] = rate_text(settings["backbone_lr"])
    st.session_state[LAYER_DECAY] = strategy.layer_decay
    st.session_state[THAW_FACTOR] = strategy.thaw_factor
    st.switch_page("pages/finetune.py")


def render_record(profile: Profile) -> None:
    """Show how the advised plan did against the best one among the finished runs on this pair."""
    advice = profile.advice
    advised = Advised(
        time.time(), advice.freeze, advice.strategy, advice.head_lr, advice.backbone_lr, str(advice.confidence)
    )
    record = keep_record(advised, profile.model, profile.data)
    verdict = judge(record)
    st.markdown(f"**{verdict_in_words(verdict)}**")
    if verdict.standings:
        st.dataframe([_row(profile, standing) for standing in verdict.standings], hide_index=True)
    left_out = f" {verdict.left_out} runs on other terms are left out." if verdict.left_out else ""
    first = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.advised[-1].when))
    st.caption(
        "Finished runs of this network on this target on equal terms, each plan at its best rates, best epoch on the "
        f"validation images ± one standard error.{left_out} Advised as now since {first}; kept when runs are deleted."
    )


def verdict_in_words(verdict: Verdict) -> str:
    """Say honestly how the advice did."""
    if not verdict.standings:
        return "No run on this pair has finished yet, so the advice is unchecked."
    if verdict.advised is None:
        return "The advised plan has not run yet, so the advice is unchecked."
    if verdict.regret is None:
        return "Only the advised plan has run; race another depth to check the advice."
    gap, error = verdict.regret
    if verdict.standings[0] is verdict.advised:
        return f"The advised plan is the best of {len(verdict.standings)} so far, {_lead(verdict.standings)}."
    measured = f"{100 * gap:.1f} ± {100 * error:.1f} points"
    if gap <= error:
        return f"Advised and best are not distinguishable: {measured} apart, within one standard error."
    return f"The advice was not the best: the advised plan is {measured} behind the best of {len(verdict.standings)}."


def _lead(standings: Sequence[Standing]) -> str:
    """Say how far the best is above the next."""
    first, second = standings[:2]
    lead, error = first.accuracy - second.accuracy, hypot(first.se, second.se)
    points = f"{100 * lead:.1f} ± {100 * error:.1f} points"
    return f"{points} above the next" if lead > error else f"but {points} above the next is within one standard error"


def _row(profile: Profile, standing: Standing) -> dict[str, object]:
    title = STRATEGIES[standing.strategy].title if standing.strategy in STRATEGIES else standing.strategy
    return {
        "plan": f"{title}, {_depth(profile, standing.freeze)}{f' ({standing.extra})' if standing.extra else ''}",
        "validation accuracy": f"{100 * standing.accuracy:.1f} ± {100 * standing.se:.1f} %",
        "runs": standing.runs,
        "advised": "advised" if standing.is_advised else "",
    }
