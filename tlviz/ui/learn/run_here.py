"""*Run it here*: a card's prepared experiments as ordinary jobs, live, and judged by the same rule as what ships."""

from __future__ import annotations

import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.errors import TlvizError
from tlviz.home import runs_folder
from tlviz.learn.cards import Card, Experiment, Kind
from tlviz.learn.claims import Outcome, judge
from tlviz.learn.dots import card_dots
from tlviz.learn.measure import measures_of
from tlviz.learn.progress import note_started, started_run
from tlviz.learn.results import Table
from tlviz.learn.trying import measured_table, start_experiment
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.ui.messages import heed, plain, show_error
from tlviz.ui.race.live import render_race
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.panels import render_job


def render_run_here(card: Card) -> None:
    """Draw the button that starts a card's experiments, and what they are doing or have found."""
    st.subheader("Run it here", anchor=False)
    runs = {experiment.name: last_run(card, experiment) for experiment in card.experiments}
    is_busy = any(run is not None and not run.status().is_over for run in runs.values())
    button, words = st.columns([1, 2.2], vertical_alignment="center")
    button.button(
        "Run it again" if any(runs.values()) else "Run it here", type="primary", icon=":material/play_arrow:",
        key=key_of("learn_run", card.name), disabled=is_busy, on_click=heed, args=(_start, card),
    )  # fmt: skip
    words.caption(" ".join(_plan(experiment) for experiment in card.experiments))
    _own_numbers(card, runs)
    for experiment in card.experiments:
        _live(experiment, runs[experiment.name])


def last_run(card: Card, experiment: Experiment) -> RunFolder | None:
    """Return the run that an experiment was last started as, None where there is none or it was deleted."""
    name = started_run(card.name, experiment.name)
    run = RunFolder(runs_folder() / name) if name else None
    return run if run is not None and (run.path / "config.json").is_file() else None


def _start(card: Card) -> None:
    for experiment in card.experiments:
        run = start_experiment(experiment, experiment.here)
        note_started(card.name, experiment.name, run.name)
        if experiment.kind is Kind.RACE:
            st.session_state[Key.RACE] = run.name


def _plan(experiment: Experiment) -> str:
    on = plain(dataset_title(experiment.data))
    if experiment.kind is Kind.PROFILE:
        return f"Measures every stage on {on}."
    seeds, runs = len(experiment.here), len(experiment.runs) * len(experiment.here)
    few = (
        f" With {seeds} of its {len(experiment.seeds)} seeds the noise is larger."
        if seeds < len(experiment.seeds)
        else ""
    )
    return f"Races {runs} short runs on {on}, within two minutes on two cores.{few}"


def _own_numbers(card: Card, runs: dict[str, RunFolder | None]) -> None:
    """Show what was found here, judged as what ships, as soon as something is over."""
    tables: dict[str, Table] = {}
    for experiment in card.experiments:
        run = runs[experiment.name]
        if run is None or run.status() is not Status.FINISHED:
            continue
        try:
            table = measured_table(experiment, run, measures_of(card))
        except TlvizError as error:
            show_error(error)
            continue
        if table is not None:
            tables[experiment.name] = table
    if not tables:
        return
    st.markdown("**Your numbers**")
    st.html(card_dots(card, tables))
    judgement = judge(card, tables)
    if judgement.outcome is not Outcome.MISSING:
        few = " With a single seed nobody can tell noise." if _is_single(tables) else ""
        st.caption(f"{judgement.sentence}{few}")
        st.caption("\n".join(f"- {plain(finding.sentence)}" for finding in judgement.findings))


def _is_single(tables: dict[str, Table]) -> bool:
    seeds = {seed for t in tables.values() for rows in t.values.values() for row in rows.values() for seed in row}
    return len(seeds) == 1 and "" not in seeds


def _live(experiment: Experiment, run: RunFolder | None) -> None:
    if run is None:
        return
    status, events = run.read()
    if experiment.kind is Kind.RACE:
        with st.container(border=True):
            render_race(run)
    elif not status.is_over:
        render_job(run)
    elif status is not Status.FINISHED:
        error = (events or [{}])[-1].get("error")
        show_error(error or f"Measuring {experiment.data} did not end; its log is {run.path / 'log.txt'}.")
