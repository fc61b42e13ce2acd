"""*Run it here*: prepared experiments as ordinary jobs, live, and judged by the same rule as what ships."""

from __future__ import annotations

from collections.abc import Sequence

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
    render_start(card.name, card.experiments)
    tables = own_tables(card.name, card.experiments, measures_of(card))
    if tables:
        _own_numbers(card, tables)
    render_live(card.name, card.experiments)


def render_start(owner: str, experiments: Sequence[Experiment]) -> None:
    """Draw the button that starts experiments, with what it will do."""
    runs = [last_run(owner, experiment) for experiment in experiments]
    is_busy = any(run is not None and not run.status().is_over for run in runs)
    button, words = st.columns([1, 2.2], vertical_alignment="center")
    button.button(
        "Run it again" if any(runs) else "Run it here", type="primary", icon=":material/play_arrow:",
        key=key_of("learn_run", owner, *(experiment.name for experiment in experiments)), disabled=is_busy,
        on_click=heed, args=(_start, owner, experiments),
    )  # fmt: skip
    words.caption(" ".join(map(_plan, experiments)))


def last_run(owner: str, experiment: Experiment) -> RunFolder | None:
    """Return the run that an experiment was last started as, None where there is none or it was deleted."""
    name = started_run(owner, experiment.name)
    run = RunFolder(runs_folder() / name) if name else None
    return run if run is not None and (run.path / "config.json").is_file() else None


def own_tables(owner: str, experiments: Sequence[Experiment], measures: Sequence[str]) -> dict[str, Table]:
    """Return what was found here, of the experiments that have ended; one that cannot be read is said."""
    tables: dict[str, Table] = {}
    for experiment in experiments:
        run = last_run(owner, experiment)
        is_over = run is not None and run.status() is Status.FINISHED
        if not is_over and experiment.kind is Kind.RACE:
            continue
        try:
            table = measured_table(experiment, run, measures)
        except TlvizError as error:
            show_error(error)
            continue
        if table is not None:
            tables[experiment.name] = table
    return tables


def render_live(owner: str, experiments: Sequence[Experiment]) -> None:
    """Show races and measurements as they go, and why one did not end."""
    for experiment in experiments:
        run = last_run(owner, experiment)
        if run is None:
            continue
        status, events = run.read()
        if experiment.kind is Kind.RACE:
            with st.container(border=True):
                render_race(run)
        elif not status.is_over:
            render_job(run)
        elif status is not Status.FINISHED:
            error = (events or [{}])[-1].get("error")
            show_error(error or f"Measuring {experiment.data} did not end; its log is {run.path / 'log.txt'}.")


def _start(owner: str, experiments: Sequence[Experiment]) -> None:
    for experiment in experiments:
        run = start_experiment(experiment, experiment.here)
        note_started(owner, experiment.name, run.name)
        if experiment.kind is Kind.RACE:
            st.session_state[Key.RACE] = run.name


def _plan(experiment: Experiment) -> str:
    on = plain(dataset_title(experiment.data))
    if experiment.kind is Kind.PROFILE:
        return f"Measures every stage on {on}."
    seeds, runs = len(experiment.here), len(experiment.runs) * len(experiment.here)
    every = len(experiment.seeds)
    few = f" With {seeds} of {every} seeds the noise is larger than above." if seeds < every else ""
    return f"Races {runs} short runs on {on}, within two minutes on two cores.{few}"


def _own_numbers(card: Card, tables: dict[str, Table]) -> None:
    """Show what was found here, judged as what ships."""
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
