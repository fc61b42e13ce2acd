"""What the profile advises, why, the race that checks it, and how the advice did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from tlviz.diagnose.records import Candidate, Confidence, Profile
from tlviz.finetune.choices import BatchNorm
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.advice.advised_runs import advised_configs, advised_runs, settings_of
from tlviz.runs.advice.verdict import judge
from tlviz.runs.launch import start_race
from tlviz.runs.races.plan import PLAN
from tlviz.ui.address import go_to
from tlviz.ui.cached import networks
from tlviz.ui.finetune.advised import take_advised
from tlviz.ui.finetune.form import rate_text
from tlviz.ui.measure.advice_record import depth_in_words, note_advice, verdict_in_words
from tlviz.ui.messages import plain
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.rows import words_and_buttons
from tlviz.ui.widgets.settings import draw

SEEDS_HELP = (
    "Each seed splits the images differently; with three or more the standings separate chance from real differences."
)
RECORD = "Advised against best"
"""The view of the page that shows how the advice turned out."""
CONFIDENCE_WORDS = {
    Confidence.NONE: "no reliable transfer signal: race everything",
    Confidence.LOW: "confidence low: the measures disagree",
    Confidence.HIGH: "confidence high: the measures agree",
}


def render_advice(profile: Profile) -> None:
    """Say what to try first and how it did so far, with a button that races it and the reasons folded away."""
    record = note_advice(profile)
    words, buttons = words_and_buttons()
    race, more = buttons.container(width="content"), buttons.container(width="content")
    words.markdown(f"**Advice:** {advice_in_words(profile)}")
    with more.popover("More"):
        epochs, seeds = _race_settings(profile)
    runs = len(advised_runs(profile.advice)) * seeds
    if race.button(
        "Race the advice", type="primary", icon=":material/flag:", key="race_advice",
        help=f"Starts {runs} runs of {epochs} epochs: the advised one and the others worth racing, on equal terms.",
    ):  # fmt: skip
        start_race_of(profile, epochs, seeds)
    verdict = judge(record)
    if verdict.standings:
        st.markdown(f"**So far:** {verdict_in_words(verdict)} More below, under *{RECORD}*.")
    with st.expander("Why", icon=":material/help:"):
        st.markdown("\n".join(f"- {plain(reason)}" for reason in profile.advice.reasons))
        for note in profile.notes:
            st.caption(plain(note))
        _candidates(profile)


def _race_settings(profile: Profile) -> tuple[int, int]:
    """Ask for the race's epochs and seeds, and offer to open the advised run on the Fine-tune page instead."""
    count = len(advised_runs(profile.advice))
    st.markdown(f"The advised run and {count - 1} others on equal terms: same split, images, epochs and rates.")
    epochs = draw(SETTINGS["epochs"], key="advice_epochs")
    seeds = st.number_input("Seeds", 1, 10, 1, key="advice_seeds", persist_state="session", help=SEEDS_HELP)
    if st.button("Only prepare the advised one", key="prepare_advised"):
        prepare(profile, advised_runs(profile.advice)[0])
    return epochs, seeds


def start_race_of(profile: Profile, epochs: int, seeds: int) -> None:
    """Start the suggested race and show it; what its runs reach is held against the advice."""
    labels = [_label(settings) for settings in advised_runs(profile.advice)]
    configs = [replace(config, seed=seed) for seed in range(seeds) for config in advised_configs(profile, epochs)]
    st.session_state[Key.RACE] = start_race(configs, PLAN, labels=labels * seeds).name
    go_to("pages/race.py")


def _label(settings: Mapping[str, Any]) -> str:
    """Name a plan by its strategy, its depth, and what else is unusual about it."""
    title = STRATEGIES[settings["strategy"]].title
    if settings["frozen"] is not None:
        return f"{title}, {len(settings['frozen'])} frozen, tuned before them"
    depth = settings["freeze"]
    title += f", {depth} frozen" if depth and settings["strategy"] == "last_stages" else ""
    return f"{title}, statistics re-estimated" if settings["batchnorm"] is BatchNorm.REESTIMATE else title


def advice_in_words(profile: Profile) -> str:
    """Say freeze depth, strategy, rates and confidence in one line."""
    advice = profile.advice
    is_frozen = advice.freeze >= len(profile.stages)
    rates = f"head rate {rate_text(advice.head_lr)}"
    rates += "" if is_frozen else f", backbone rate {rate_text(advice.backbone_lr)}"
    return (
        f"{depth_in_words(profile, advice.freeze)}, strategy *{STRATEGIES[advice.strategy].title}*, {rates} "
        f"({CONFIDENCE_WORDS[advice.confidence]})."
    )


def _candidates(profile: Profile) -> None:
    """List the entrants of the suggested race, each with a button that opens it on the Fine-tune page."""
    st.markdown("**Worth racing**")
    for at, candidate in enumerate(profile.advice.candidates):
        words, button = words_and_buttons()
        words.markdown(f"*{_title(profile, candidate)}*: {plain(candidate.sentence)}")
        if button.button("Prepare", key=key_of("candidate", at)):
            prepare(profile, settings_of(candidate, profile.advice))


def _title(profile: Profile, candidate: Candidate) -> str:
    title = STRATEGIES[candidate.strategy].title
    return title if candidate.freeze is None else f"{title}, {depth_in_words(profile, candidate.freeze)}"


def prepare(profile: Profile, settings: Mapping[str, Any]) -> None:
    """Open the Fine-tune page with a strategy, its frozen stages and its rates."""
    stages = networks.target_stages(profile.model, len(profile.classes))
    take_advised(settings, stages)
    go_to("pages/finetune.py")
