"""One image that compared runs answered: where each of them looked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from tlviz.measures.calibration import softmax
from tlviz.runs.predictions import Answers
from tlviz.ui.attributions.run_maps import RunAnswer, render_run_maps
from tlviz.ui.cached import runs as cached_runs
from tlviz.ui.compare.pick_runs import ComparedRun
from tlviz.ui.messages import plain
from tlviz.ui.runs.open_inside import link_to_attributions


def render_image(name: str, runs: Sequence[ComparedRun], answers: Sequence[Answers]) -> None:
    """Show an image beside the attribution of every run that validates with it, and what each says."""
    given, others, truth = [], [], ""
    for run, held in zip(runs, answers, strict=True):
        answer = _answer(name, run, held)
        if answer is None:
            others.append(run.name)
            continue
        given.append(answer)
        truth = truth or held.classes[held.labels[held.names.index(name)]]
    if not given:
        st.caption("The run's pictures have been moved or deleted, so no attribution can be shown.")
        return
    render_run_maps(given, key="compare_maps", heading=f"Is {truth}")
    if others:
        st.caption(plain(f"Not among their validation images, or deleted since:  {', '.join(others)}."))
    link_to_attributions([run.summary for run in runs if run.name not in others], name, key="compare_attributions")


def _answer(name: str, run: ComparedRun, held: Answers) -> RunAnswer | None:
    """Return what a run says of an image; None where it was not asked, or the picture is gone."""
    images = cached_runs.run_images(run.summary)
    if name not in held.names or images is None or name not in images.names:
        return None
    at = held.names.index(name)
    guess, sure = int(held.guesses[at]), float(softmax(held.logits[at : at + 1]).max())
    pixels = np.asarray(images.pixels[images.names.index(name)])
    words = f"{held.classes[guess]} {sure:.0%}"
    return RunAnswer(run.name, run.summary.model, run.summary.run, pixels, guess, words)
