"""Panels that more than one page shows."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.data.folder import Problem
from tlviz.data.images import dataset_title
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.folder import RunFolder, Status, list_runs
from tlviz.runs.summary import RunSummary, summarise

if TYPE_CHECKING:
    from tlviz.explore.feature_maps import Guess

POLL_S = 1.0

STATUS_WORDS = {
    Status.QUEUED: ":material/hourglass_top: waiting",
    Status.RUNNING: ":material/play_arrow: running",
    Status.FINISHED: ":material/check_circle: finished",
    Status.STOPPED: ":material/stop_circle: stopped, best kept",
    Status.FAILED: ":material/error: failed",
    Status.LOST: ":material/help: lost",
}


@st.fragment(run_every=POLL_S)
def active_runs() -> None:
    """Show every run that waits or works with a small progress bar."""
    for run in list_runs()[:20]:
        status = run.status()
        if status.is_over:
            continue
        beat = run.heartbeat()
        st.progress(beat.fraction if beat else 0.0, f"{run_label(summarise(run))} · {beat.doing if beat else status}")


def run_label(summary: RunSummary) -> str:
    """Name a run the way a person would: target, strategy, time of day, state."""
    strategy = STRATEGIES[summary.strategy].title if summary.strategy in STRATEGIES else summary.strategy
    moment = summary.run[9:13]
    return f"{dataset_title(summary.data)} · {strategy} · {moment[:2]}:{moment[2:]} · {summary.status}"


def pick_run(runs: Sequence[RunFolder], *, key: str, label: str = "Run") -> RunFolder:
    """Let a person pick one of several runs, the newest by default; the choice is kept in the address bar."""
    by_name = {run.name: run for run in runs}
    if st.session_state.get(key) not in by_name:
        st.session_state.pop(key, None)
    labels = {name: run_label(summarise(run)) for name, run in by_name.items()}
    name = st.selectbox(
        label, list(by_name), format_func=lambda name: labels[name], key=key, bind="query-params", persist_state="session"
    )
    return by_name[name]


def render_sheet(png: bytes, cells: Sequence[str], columns: int, *, label: str) -> None:
    """Show a sprite crisply, with one line of words for each tile on hover."""
    rows = -(-len(cells) // columns)
    spots = "".join(
        f'<span title="{html.escape(words)}" style="position:absolute;left:{at % columns / columns:.4%};'
        f'top:{at // columns / rows:.4%};width:{1 / columns:.4%};height:{1 / rows:.4%}"></span>'
        for at, words in enumerate(cells)
    )
    st.html(f'<div style="position:relative;line-height:0">{_image(png, label, crisp=True)}{spots}</div>')


def render_wall(wall: Sequence[tuple[str, int, bytes]], columns: int) -> None:
    """Show a target's classes, each with its count and a strip of up to ``columns`` pictures, two classes a row."""
    cells = "".join(
        f'<div style="display:flex;align-items:center;gap:10px"><div style="width:92px;flex:none;overflow:hidden;'
        f'text-overflow:ellipsis" title="{html.escape(name)}"><b>{html.escape(name)}</b><br>'
        f'<small>{count:,} images</small></div><div style="width:calc((100% - 102px) * {min(count, columns) / columns})">'
        f"{_image(png, f'Pictures of {name}', crisp=False)}</div></div>"
        for name, count, png in wall
    )
    st.html(
        f'<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax(420px,1fr));gap:6px 28px">{cells}</div>'
    )


def render_problems(problems: Sequence[Problem]) -> None:
    """List what was odd about a target's files, folded away; nothing where all was well."""
    if problems:
        with st.expander(f"{len(problems):,} files or folders are odd", icon=":material/warning:"):
            st.dataframe([asdict(problem) for problem in problems], hide_index=True)


def render_guesses(guesses: Sequence[Guess]) -> None:
    """Show the network's best guesses as bars with their probabilities."""
    for guess in guesses:
        st.progress(guess.probability, f"{guess.name} · {guess.probability:.0%}")


def _image(png: bytes, label: str, *, crisp: bool) -> str:
    rendering = "pixelated" if crisp else "auto"
    return (
        f'<img alt="{html.escape(label)}" src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'style="width:100%;image-rendering:{rendering};border-radius:4px">'
    )
