"""Large targets are decoded by a worker: the page stays quick, shows how far it is, and can cancel."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from tlviz.data.images import Form, open_target
from tlviz.data.pixels.ingest import Geometry, is_ingested
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_ingest
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import INGEST
from tlviz.ui.messages import show_error
from tlviz.ui.widgets.panels import render_job

LARGE = 2000
"""This many pictures take about ten seconds on two cores."""
LOOK_AGAIN_S = 60.0


def wait_for_large(target: str, form: Form) -> None:
    """Return at once where a target is small or decoded; else show the worker's progress and end the page's run."""
    if not isinstance(form, Geometry):
        return  # texts are read in a moment
    seen = f"decoded_{target}_{form}"
    if time.time() - st.session_state.get(seen, 0.0) < LOOK_AGAIN_S:
        return
    opened = open_target(target)
    sources, geometry = opened.sources, replace(form, depth=form.depth.over(opened.depth))
    if len(sources) < LARGE or is_ingested(sources, geometry):
        st.session_state[seen] = time.time()
        return
    last = _last_job(target, geometry)
    if last is None:
        last = start_ingest(target, geometry=geometry.to_json())
    if not last.status().is_over:
        st.markdown(f"Reading {len(sources):,} images once; later they open immediately.")
        render_job(last)
        st.stop()
    _ended(last, target, geometry, len(sources))


def _last_job(target: str, geometry: Geometry) -> RunFolder | None:
    wanted = {"data": target, "geometry": geometry.to_json()}
    jobs = (run for run in list_runs(INGEST) if wanted.items() <= run.config()["settings"].items())
    return next(jobs, None)


def _ended(job: RunFolder, target: str, geometry: Geometry, count: int) -> None:
    """Say how reading ended where it did not finish, and offer to begin again; changed files are simply read again."""
    if job.status() is Status.FINISHED:
        job.delete()
        st.rerun()
    if failure := failure_of(job):
        show_error(failure)
    else:
        st.info(f"Reading {count:,} images was cancelled; nothing was kept.", icon=":material/cancel:")
    if st.button("Read the images", type="primary", icon=":material/play_arrow:", key="read_images"):
        job.delete()
        start_ingest(target, geometry=geometry.to_json())
        st.rerun()
    st.stop()
