"""What to try after a run or a race: sentences with numbers, each with the button that tries it."""

from __future__ import annotations

import streamlit as st

from tlviz.errors import TlvizError
from tlviz.medium import retold
from tlviz.models.imported import medium_of_weights
from tlviz.runs.next_of_run import next_steps, start_step
from tlviz.runs.next_steps import NextStep
from tlviz.runs.store.folder import RunFolder
from tlviz.ui.address import go_to
from tlviz.ui.messages import plain, show_error
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.rows import words_and_buttons

PAGES = {"target": "pages/target.py", "runs": "pages/runs.py"}


def render_next(run: RunFolder, title: str = "**What to try next**") -> None:
    """Say the two or three things that may bring most, of a run that is over; nothing where nothing stands out."""
    steps = next_steps(run)
    if not steps:
        return
    medium = medium_of_weights(run)
    st.markdown(title)
    for at, step in enumerate(steps):
        words, button = words_and_buttons()
        words.markdown(plain(retold(step.words, medium)))
        if button.button(step.button, key=key_of("next", run.name, at)):
            _try(run, step)


def _try(run: RunFolder, step: NextStep) -> None:
    """Start what a step tries and show it, or open the page where there is something to look at."""
    if not step.runs:
        st.session_state[Key.RUN] = run.name
        go_to(PAGES[step.page])
    try:
        started = start_step(run, step)
    except TlvizError as error:
        show_error(str(error))
        return
    if len(step.runs) > 1:
        st.session_state[Key.RACE] = started.name
        go_to("pages/race.py")
    st.session_state[Key.RUN] = started.name
    go_to("pages/finetune.py")
