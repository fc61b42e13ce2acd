"""Advised against best: how the advice turned out, recorded honestly."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from tlviz.diagnose.records import Profile
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.advice.record import AdviceRecord, Advised, keep_record, load_record
from tlviz.runs.advice.verdict import AdviceVerdict, PlanStanding, between, judge


def note_advice(profile: Profile) -> AdviceRecord:
    """Put the advice and the runs that have finished by now on record, and return all that is."""
    advice = profile.advice
    advised = Advised(
        time.time(), advice.freeze, advice.strategy, advice.head_lr, advice.backbone_lr, str(advice.confidence)
    )
    return keep_record(advised, profile.model, profile.data)


def depth_in_words(profile: Profile, freeze: int) -> str:
    """Say what a freeze depth means for the network's stages."""
    if freeze == 0:
        return "freeze nothing"
    if freeze >= len(profile.stages):
        return "freeze the whole backbone"
    return f"freeze up to {profile.stages[freeze - 1].name}"


def render_record(profile: Profile) -> None:
    """Show how the advised plan did against the best one among the finished runs on this pair."""
    record = load_record(profile.model, profile.data)
    verdict = judge(record)
    st.markdown(f"**{verdict_in_words(verdict)}**")
    if verdict.standings:
        st.dataframe([_row(profile, standing) for standing in verdict.standings], hide_index=True)
    left_out = f" {verdict.left_out} runs with other settings are left out." if verdict.left_out else ""
    first = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.advised[-1].when))
    st.caption(
        "Finished runs of this network on this target with equal settings, each plan at its best rates, best epoch on "
        f"the validation images ± one standard error.{left_out} The advice is unchanged since {first}; "
        "this record is kept when runs are deleted."
    )


def verdict_in_words(verdict: AdviceVerdict) -> str:
    """Say honestly how the advice did."""
    if not verdict.standings:
        return "No run of this network on this target has finished yet, so the advice is unchecked."
    if verdict.advised is None:
        return "The advised plan has not run yet, so the advice is unchecked."
    if verdict.regret is None:
        return "Only the advised plan has run; race another depth to check the advice."
    found = verdict.regret
    if verdict.standings[0] is verdict.advised:
        return f"The advised plan is the best of {len(verdict.standings)} so far, {_lead(verdict.standings)}."
    measured = f"{100 * found.gap:.1f} ± {100 * found.error:.1f} points"
    if not found.is_distinguishable:
        return f"Advised and best are not distinguishable: {measured} apart."
    return f"The advice was not the best: the advised plan is {measured} behind the best of {len(verdict.standings)}."


def _lead(standings: Sequence[PlanStanding]) -> str:
    """Say how far the best is above the next."""
    lead = between(*standings[:2])
    points = f"{100 * lead.gap:.1f} ± {100 * lead.error:.1f} points"
    return f"{points} above the next" if lead.is_distinguishable else f"but {points} above the next may be noise"


def _row(profile: Profile, standing: PlanStanding) -> dict[str, object]:
    title = STRATEGIES[standing.strategy].title if standing.strategy in STRATEGIES else standing.strategy
    extra = f" ({standing.extra})" if standing.extra else ""
    return {
        "Plan": f"{title}, {depth_in_words(profile, standing.freeze)}{extra}",
        "Validation accuracy": f"{100 * standing.accuracy:.1f} ± {100 * standing.se:.1f} %",
        "Runs": standing.runs,
        "Advised": "advised" if standing.is_advised else "",
    }
