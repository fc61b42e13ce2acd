"""Three steps from a pretrained network to one of one's own, and which of them are done for this source and target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from tlviz.diagnose.records import Confidence, Profile
from tlviz.errors import TlvizError
from tlviz.explore.looked import has_looked
from tlviz.home import cache_folder
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.titles import strategy_title
from tlviz.ui.cached import profiles
from tlviz.ui.messages import plain

PROMISE = (
    "**tlviz** shows what a pretrained network sees, measures how much of that helps on your pictures, and trains the "
    "rest: from the first look to a checked export, all on this machine."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps: its name, whether it is done, how it stands in a sentence, and the page where it is done."""

    name: str
    is_done: bool
    sentence: str
    page: str
    link: str


def look_step(has_looked: bool) -> Step:
    """Say whether anybody has looked inside the source at this target."""
    sentence = (
        "You have looked inside this network at this target."
        if has_looked
        else "See what each stage makes of a picture: edges first, parts of objects last."
    )
    return Step("Look", has_looked, sentence, "pages/feature_maps.py", "Look again" if has_looked else "Look inside")


def measure_step(profile: Profile | None) -> Step:
    """Say what was measured of the source on this target."""
    if profile is None:
        sentence = "Find out which stages help on your pictures, and get an advice."
        return Step("Measure", False, sentence, "pages/measure.py", "Measure the stages")
    return Step("Measure", True, _found(profile), "pages/measure.py", "See the curve")


def _found(profile: Profile) -> str:
    best = max(profile.stages, key=lambda stage: stage.probe)
    reach = f"The features of {plain(best.name)} tell the classes apart best ({best.probe:.0%})"
    if profile.advice.confidence is Confidence.NONE:
        return f"{reach}; no advice can be relied on yet."
    if profile.advice.freeze == 0:
        return f"{reach}; advice: freeze nothing."
    if profile.advice.freeze >= len(profile.stages):
        return f"{reach}; advice: train the new head only."
    return f"{reach}; advice: freeze up to {plain(profile.stages[profile.advice.freeze - 1].name)}."


def train_step(rows: Sequence[RunRow]) -> Step:
    """Say what runs of this source on this target have reached."""
    over = [row for row in rows if row.status.is_over and row.best_val_accuracy is not None]
    active = sum(not row.status.is_over for row in rows)
    training = f" {active} more {'is' if active == 1 else 'are'} going on." if active and over else ""
    if over:
        best = max(over, key=lambda row: row.best_val_accuracy or 0.0)
        what = plain(best.notes.name or strategy_title(best.strategy))
        sentence = f"{_count(len(over))}; the best reaches {best.best_val_accuracy:.0%} ({what}).{training}"
        return Step("Train and keep", True, sentence, "pages/runs.py", "See the runs")
    if active:
        sentence = f"{_count(active)} {'is' if active == 1 else 'are'} going on; none has finished yet."
        return Step("Train and keep", False, sentence, "pages/runs.py", "See the runs")
    sentence = "Freeze what helps, train the rest, compare, and export what you like best."
    return Step("Train and keep", False, sentence, "pages/finetune.py", "Fine-tune")


def _count(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs:,} runs"


def find_steps(model: str, data: str | None) -> list[Step]:
    """Return the three steps as they stand for a network and a target, None where there is no target yet."""
    if data is None:
        return [look_step(False), measure_step(None), train_step(())]
    rows = [row for row in overview() if (row.model, row.data) == (model, data)]
    return [look_step(has_looked(model, data)), measure_step(_profile(model, data)), train_step(rows)]


def _profile(model: str, data: str) -> Profile | None:
    if not any(cache_folder("profiles").glob("*.json")):
        return None  # at the very first visit the target need not be read to know it
    try:
        return profiles.known_profile(model, data)
    except TlvizError:
        return None  # what is wrong with the target is said below


def render_steps(model: str, data: str | None) -> None:
    """Draw the steps beside one another: number, tick, sentence and link."""
    for number, (column, step) in enumerate(zip(st.columns(3), find_steps(model, data), strict=True), 1):
        with column, st.container(border=True, height="stretch"):
            tick = ":green[:material/check_circle:] done" if step.is_done else ":material/radio_button_unchecked: to do"
            st.markdown(f"**{number}. {step.name}** &nbsp; {tick}")
            st.caption(step.sentence)
            st.page_link(step.page, label=step.link, icon=":material/arrow_forward:")
