"""What follows a run that is over: how it went in a sentence, the ways on, and some of its answers as pictures."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from tlviz.medium import WORDS, Medium
from tlviz.runs.how_it_went import how_it_went
from tlviz.runs.overview import overview
from tlviz.runs.predictions import are_answered
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import RunSummary
from tlviz.runs.telling import Telling, telling_answers
from tlviz.ui.address import go_to
from tlviz.ui.cached import runs as cached_runs
from tlviz.ui.cached.run_items import item_looks, medium_of_run
from tlviz.ui.finetune.next_steps import render_next
from tlviz.ui.runs.open_inside import link_to_feature_maps, link_to_try
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.show_code import notebook_of, render_notebook


def render_outcome(run: RunFolder, summary: RunSummary) -> None:
    """Say how a run that is over went, and offer the pages that go on with it."""
    if words := how_it_went(summary):
        st.markdown(words)
    render_next(run)
    if not run.weights.exists():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Next:**", width="content")
        if st.button(
            "Compare", icon=":material/compare_arrows:", key=key_of("compare", run.name), type="tertiary",
            on_click=_compare, args=(summary,), help="With the run before it on the same target, image by image.",
        ):  # fmt: skip
            go_to("pages/compare.py")
        medium = medium_of_run(summary)
        link_to_try(summary, WORDS[medium].one, key=key_of("try", run.name))
        if medium is Medium.PICTURES:
            link_to_feature_maps([summary], key=key_of("changed", run.name))
        render_notebook(lambda: notebook_of(run), run.name, key=key_of("notebook", run.name))
        st.page_link(
            "pages/export.py", label="Export", icon=":material/download:", query_params={str(Key.RUN): run.name}
        )


def render_answers(summary: RunSummary) -> None:
    """Show pictures that the run's best weights answered rightly and wrongly, the surest of either."""
    answers = cached_runs.answers(summary)
    if answers is None:
        return
    right, wrong = telling_answers(answers)
    items = WORDS[medium_of_run(summary)].several
    with st.expander(f"What it answers: {len(right)} right and {len(wrong)} wrong {items}", expanded=True):
        told = (*right, *wrong)
        looks = item_looks(summary, [one.name for one in told], list(map(_in_words, told)))
        st.html(_row("Right", right, looks[: len(right)]) + _row("Wrong", wrong, looks[len(right) :]))
        asked = f"{int(answers.right.sum()):,} of {len(answers.labels):,} validation {items} are right. "
        again = "" if are_answered(summary, answers) else "Asked again, it answers otherwise than it reported. "
        gone = "" if any(looks) else f"The run's {items} have been moved or deleted. "
        st.caption(f"{asked}{again}{gone}Shown are those that it is surest of, from each class in turn.")


def _row(title: str, told: Sequence[Telling], looks: Sequence[str]) -> str:
    cells = "".join(_cell(*pair) for pair in zip(told, looks, strict=True)) or "<small>none</small>"
    width = 76 if all(look.startswith("<img") for look in looks) else 190
    grid = f"display:grid;grid-template-columns:repeat(auto-fill,minmax({width}px,1fr));gap:8px;margin:2px 0 10px"
    return f'<b>{title}</b><div style="{grid}">{cells}</div>'


def _sure(told: Telling) -> str:
    return "over 99%" if told.confidence > 0.99 else f"{told.confidence:.0%}"


def _in_words(told: Telling) -> str:
    return f"{told.truth}, answered {told.answer} with {_sure(told)}"


def _cell(told: Telling, look: str) -> str:
    truth = "" if told.answer == told.truth else f"<br>is {html.escape(told.truth)}"
    return (
        f'<div title="{html.escape(f"{told.name}: {_in_words(told)}")}" style="overflow-wrap:anywhere;'
        f'font-size:0.78rem;line-height:1.25">{look}<br>“{html.escape(told.answer)}” {_sure(told)}{truth}</div>'
    )


def _compare(summary: RunSummary) -> None:
    """Choose a run and the newest one before it that had the same target."""
    rows = [row for row in overview() if row.status.is_over and row.best_val_accuracy is not None]
    before = [row.run for row in rows if row.data == summary.data and row.started < summary.started]
    st.session_state[Key.COMPARED] = [*before[:1], summary.run]
