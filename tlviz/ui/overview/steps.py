"""Four steps from a pretrained network to one of one's own: which are done for this source and target, and the next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import streamlit as st

from tlviz.diagnose.records import Confidence, Profile
from tlviz.errors import TlvizError
from tlviz.explore.looked import has_looked
from tlviz.home import cache_folder
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import EXPORT
from tlviz.runs.titles import strategy_title
from tlviz.ui.address import go_to
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


def race_step(rows: Sequence[RunRow]) -> Step:
    """Say what runs of this source on this target have reached, raced or alone."""
    over = [row for row in rows if row.status.is_over and row.best_val_accuracy is not None]
    active = sum(not row.status.is_over for row in rows)
    training = f" {active} more {'is' if active == 1 else 'are'} going on." if active and over else ""
    if over:
        best = max(over, key=lambda row: row.best_val_accuracy or 0.0)
        what = plain(best.notes.name or strategy_title(best.strategy))
        alone = " Race strategies to see whether another does better." if len(over) == 1 else ""
        sentence = f"{_count(len(over))}; the best reaches {best.best_val_accuracy:.0%} ({what}).{training}{alone}"
        return Step("Race", True, sentence, "pages/runs.py", "See the runs")
    if active:
        sentence = f"{_count(active)} {'is' if active == 1 else 'are'} going on; none has finished yet."
        return Step("Race", False, sentence, "pages/race.py", "See the race")
    sentence = "Freeze what helps, train the rest: several strategies against one another."
    return Step("Race", False, sentence, "pages/race.py", "Race strategies")


def export_step(rows: Sequence[RunRow], exported: Collection[str]) -> Step:
    """Say whether the best of these runs, or any of them, was exported; ``exported`` names the runs that were."""
    held = [row for row in rows if row.has_weights and row.best_val_accuracy is not None]
    best = max(held, key=lambda row: row.best_val_accuracy or 0.0, default=None)
    done = [row for row in rows if row.run in exported]
    if done:
        also = "" if best is None or best in done else " The best run is not among them yet."
        what = ", ".join(plain(row.notes.name or strategy_title(row.strategy)) for row in done[:2])
        return Step("Export", True, f"Exported and checked: {what}.{also}", "pages/export.py", "See the export")
    if best is None:
        sentence = "Take the best network home: weights, ONNX, a demo page, each checked against the original."
        return Step("Export", False, sentence, "pages/export.py", "Export")
    sentence = f"Take {plain(best.notes.name or strategy_title(best.strategy))} home, checked against the original."
    return Step("Export", False, sentence, "pages/export.py", "Export the best run")


def _count(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs:,} runs"


def find_steps(model: str, data: str | None) -> list[Step]:
    """Return the four steps as they stand for a network and a target, None where there is no target yet."""
    if data is None:
        return [look_step(False), measure_step(None), race_step(()), export_step((), ())]
    rows = [row for row in overview() if (row.model, row.data) == (model, data)]
    exported = _exported() if rows else frozenset[str]()
    looked = look_step(has_looked(model, data))
    return [looked, measure_step(_profile(model, data)), race_step(rows), export_step(rows, exported)]


def next_step(steps: Sequence[Step]) -> int | None:
    """Return the position of what to do next: the first that is not done; None where all are."""
    return next((at for at, step in enumerate(steps) if not step.is_done), None)


def _exported() -> frozenset[str]:
    """Return the names of the runs of which an export is finished."""
    done = [job for job in list_runs(EXPORT) if job.status() is Status.FINISHED]
    return frozenset(str(job.config()["settings"].get("run", "")) for job in done)


def _profile(model: str, data: str) -> Profile | None:
    if not any(cache_folder("profiles").glob("*.json")):
        return None  # at the very first visit the target need not be read to know it
    try:
        return profiles.known_profile(model, data)
    except TlvizError:
        return None  # what is wrong with the target is said below


def render_steps(model: str, data: str | None) -> None:
    """Draw the steps beside one another: number, tick, sentence and link; the next one is a button."""
    steps = find_steps(model, data)
    following = next_step(steps) if data is not None else None
    for number, (column, step) in enumerate(zip(st.columns(4), steps, strict=True), 1):
        with column, st.container(border=True, height="stretch"):
            tick = ":green[:material/check_circle:] done" if step.is_done else ":material/radio_button_unchecked: to do"
            if number - 1 == following:
                tick = ":material/arrow_circle_right: **next**"
            st.markdown(f"**{number}. {step.name}** &nbsp; {tick}")
            st.caption(step.sentence)
            if number - 1 != following:
                st.page_link(step.page, label=step.link, icon=":material/arrow_forward:")
            elif st.button(step.link, type="primary", icon=":material/arrow_forward:", key="next_step"):
                go_to(step.page)
