"""What the shown run trained, on a strip of its own, and where the form beside it differs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.errors import TlvizError
from tlviz.finetune.config import FinetuneConfig
from tlviz.models.spec import Stage
from tlviz.runs.plan_difference import difference_in_words, plan_difference
from tlviz.runs.run_phases import run_phases
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import RunSummary
from tlviz.ui.cached import networks
from tlviz.ui.finetune.clone import prepare_clone
from tlviz.ui.finetune.plan_words import phases_in_words
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import key_of
from tlviz.ui.widgets.rows import words_and_buttons
from tlviz.ui.widgets.stage_strip import render_stage_strip


def render_run_plan(run: RunFolder, summary: RunSummary) -> None:
    """Draw what the run trains by its own events; nothing where its network is not on this machine any more."""
    try:
        config, stages = FinetuneConfig.from_json(summary.settings), run_stages(summary)
        phases = run_phases(summary, stages)
    except TlvizError:
        return
    last = phases[-1]
    render_stage_strip(
        stages,
        key=key_of("run_strip", run.name),
        freeze=last.depth,
        frozen=None if len(last.frozen) == last.depth else [stages[at].name for at in sorted(last.frozen)],
        is_small=True,
    )
    st.caption(f"**This run.** {plain(phases_in_words(phases, config, stages))}")


def render_difference(
    run: RunFolder, summary: RunSummary, form: FinetuneConfig | None, stages: Sequence[Stage]
) -> None:
    """Say in a line where the form, of a network with these stages, differs, with a button that loads the run's."""
    if form is None:
        return
    try:
        differing = plan_difference(form, stages, FinetuneConfig.from_json(summary.settings), run_stages(summary))
    except TlvizError:
        return
    if not differing:
        st.caption(":material/check: The form holds this run's settings.")
        return
    words, button = words_and_buttons()
    words.caption(plain(f"The form differs from this run: {difference_in_words(differing)}."))
    button.button(
        "Load its settings", icon=":material/input:", key=key_of("load_settings", run.name), type="tertiary",
        on_click=heed, args=(prepare_clone, run), help="Sets source, target and the whole form to what this run had.",
    )  # fmt: skip


def run_stages(summary: RunSummary) -> Sequence[Stage]:
    """Return the stages of a run's network with its new head.  Raises ``TlvizError`` where it is not known here."""
    classes = summary.start_event.get("classes")
    return networks.target_stages(summary.model, len(classes) if isinstance(classes, list | tuple) else 2)
