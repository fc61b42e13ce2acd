"""Measuring what a card ships: all its experiments with all their seeds, one after another."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

from tlviz import __version__
from tlviz.cores import usable_cores
from tlviz.errors import BadRunError
from tlviz.learn.cards import Card, Experiment
from tlviz.learn.results import Measured, Table
from tlviz.learn.trying import measured_table, start_experiment
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status

Watch = Callable[[RunFolder], None]
"""Waits until a job is over."""


def measures_of(card: Card) -> tuple[str, ...]:
    """Return the numbers that a card shows or checks."""
    return tuple(dict.fromkeys([*card.shows, *(check.measure for check in card.checks)]))


def measure_card(card: Card, watch: Watch, command: str) -> Measured:
    """Run all experiments of a card and return their numbers.

    Raises ``TlvizError`` where one cannot start, ``BadRunError`` where one fails.
    """
    tables = {experiment.name: _measure(card, experiment, watch) for experiment in card.experiments}
    return Measured(
        card=card.name,
        tables=tables,
        command=command,
        version=__version__,
        date=time.strftime("%Y-%m-%d"),
        machine=f"{usable_cores()} CPU cores, {platform.machine()}",
        plans={experiment.name: experiment.plan() for experiment in card.experiments},
    )


def _measure(card: Card, experiment: Experiment, watch: Watch) -> Table:
    run = start_experiment(experiment, experiment.seeds)
    watch(run)
    status, events = run.read()
    table = measured_table(experiment, run, measures_of(card)) if status is Status.FINISHED else None
    if table is None:
        said = (events or [{}])[-1].get("error") or f"its log is {run.path / 'log.txt'}"
        raise BadRunError(f"The experiment {experiment.name} of the card {card.name} has no result: {said}")
    return table
