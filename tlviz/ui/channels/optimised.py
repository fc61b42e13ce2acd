"""What a channel responds to most: a visualisation made by a worker, with progress, cancel, and the picture."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.models.spec import Stage
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_visualise
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import VISUALISE
from tlviz.ui.cached import channels as cached_channels
from tlviz.ui.channels.grids import picture
from tlviz.ui.messages import heed, show_error
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.linked import linked_choice
from tlviz.ui.widgets.panels import render_job

if TYPE_CHECKING:
    from tlviz.explore.channels.feature_visualisation import Visualisation, VisualisationRequest

SHOWN = "220px"


def pick_objective() -> None:
    """Let a person choose what a visualisation excites: it holds for all on the page, and is in the link."""
    from tlviz.explore.channels.feature_visualisation import Objective

    linked_choice(
        "**A picture optimised to excite it**", list(Objective), Objective.MEAN, key=Key.OBJECTIVE,
        help="Everywhere: a texture. In the middle: a single thing.",
    )  # fmt: skip


def render_visualisation(model: str, stage: Stage, channel: int, tuned: str | None = None) -> None:
    """Show the drawing for a channel, the worker that makes it, or the button that starts it."""
    from tlviz.explore.channels.feature_visualisation import Objective, VisualisationRequest

    place = f"{stage.name}_{tuned or 'pretrained'}"
    request = VisualisationRequest(stage.name, channel, Objective(st.session_state[Key.OBJECTIVE]))
    found = cached_channels.visualisation(model, tuned, request)
    if found is not None:
        _show(found, request, f"{tuned or model}-{stage.name}-{channel}")
        return
    last = _last_job(model, tuned, request)
    if last is not None and not last.status().is_over:
        render_job(last, narrow=True)
        return
    st.button(
        "Optimise a picture",
        icon=":material/brush:",
        key=key_of("draw", place, channel),
        on_click=heed,
        args=(_start, model, tuned, request),
        help="Starts from noise and changes it step by step until the channel answers most: some seconds.",
    )
    _ended(last)


def _show(found: Visualisation, request: VisualisationRequest, stem: str) -> None:
    from tlviz.figures.sprites import to_png

    if not found.responds:
        st.info("No optimised picture excites this channel more than noise: it may be dead.", icon=":material/block:")
        return
    png = to_png(found.picture)
    st.html(picture(png, f"Optimised to excite channel {request.channel} of {request.stage}", SHOWN))
    where = "mean" if request.objective.name == "MEAN" else "middle"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Optimised, not a photograph. Its {where} activation: {found.before:.2g} on noise, {found.after:.3g} here."
        )
        st.download_button(
            "PNG",
            png,
            f"{stem}-drawn-{where}.png",
            icon=":material/download:",
            on_click="ignore",
            key=key_of("draw_png", stem),
        )


def _start(model: str, tuned: str | None, request: VisualisationRequest) -> None:
    start_visualise(model, asdict(request), tuned=tuned)


def _last_job(model: str, tuned: str | None, request: VisualisationRequest) -> RunFolder | None:
    wanted = {"model": model, "run": tuned, "wish": asdict(request)}
    jobs = (run for run in list_runs(VISUALISE) if wanted.items() <= run.config()["settings"].items())
    return next(jobs, None)


def _ended(job: RunFolder | None) -> None:
    """Report how a visualisation ended that left no picture."""
    if job is None:
        return
    if failure := failure_of(job):
        show_error(failure)
    elif job.status() is Status.STOPPED:
        st.info("The optimisation was cancelled; nothing was kept.", icon=":material/cancel:")
