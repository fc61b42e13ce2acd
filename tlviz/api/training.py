"""Training in Python: a run or a race in a process of its own, as the page and the command line start them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlviz.api.asking import RACE_OPTIONS, ask_race, ask_run, taken, what_is_swept
from tlviz.api.bars import counting, watch
from tlviz.api.networks import FIRST_MODEL, Source, name_of
from tlviz.api.results_of_runs import RacedRuns, Run, ended
from tlviz.api.settings import shows_settings
from tlviz.api.targets import Data, asked_target
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.strategies import FIRST_STRATEGY
from tlviz.runs.launch import start_finetune, start_race
from tlviz.runs.races.race import MemberState, read_race
from tlviz.runs.races.standings import standings
from tlviz.runs.summary import summarise

_WHAT = ("model", "data", "strategy")


@shows_settings(row for row in SETTINGS.values() if row.name not in _WHAT)
def finetune(
    model: Source = FIRST_MODEL,
    data: Data = "photos",
    strategy: str = FIRST_STRATEGY,
    *,
    progress: bool = True,
    **settings: Any,
) -> Run:
    """Fine-tune a network on a target and keep the best epoch's weights.

    ``settings`` have the names of the options of `tlviz finetune`; what is not given is as the strategy says.  The run
    is a process of its own: the Runs page shows it, it goes on when Python ends, and an interruption stops it and keeps
    the best so far.  Raises ``TlvizError`` for a mistake in a setting, and ``RunFailedError`` where the run fails.

    >>> run = tlviz.finetune("squeezenet1_1", "photos", "head_only", epochs=1, image_size=64)
    >>> run.status
    'finished'
    >>> run.figure()
    """
    name, decided = asked_target(data)
    chosen = decided | taken(settings, (row for row in SETTINGS.values() if row.name not in _WHAT), "a run")
    with counting("Unpacking", progress) as unpacking:
        config, _ = ask_run(name_of(model), name, strategy, chosen, unpacking)
    run = start_finetune(config)
    watch(run, "Fine-tuning", progress, lambda: _run_words(summarise(run).epochs))
    ended(run)
    return Run(run)


@shows_settings(row for row in RACE_OPTIONS if row.name not in _WHAT)
def race(
    model: Source = FIRST_MODEL,
    data: Data = "photos",
    strategies: Sequence[str] | None = None,
    *,
    sweep: str | None = None,
    values: Sequence[Any] | None = None,
    strategy: str = "full",
    seeds: Sequence[int] = (0, 1, 2),
    halving: bool = False,
    progress: bool = True,
    **settings: Any,
) -> RacedRuns:
    """Race strategies, or values of one setting, on equal terms, and say which wins and whether it is noise.

    ``strategies`` None are the seven of the course; ``sweep`` with ``values`` races one setting of ``strategy``
    instead.  ``halving`` drops losers early.  ``settings`` hold for all runs, by the names of `tlviz race`.  An
    interruption stops the race; what is finished is kept.  Raises ``TlvizError`` for a mistake, and ``RunFailedError``
    where every run fails.

    >>> raced = tlviz.race("squeezenet1_1", "photos", ["head_only", "full"], seeds=[0], epochs=1, image_size=64)
    >>> bool(raced.table()["accuracy"].notna().all())
    True
    >>> raced.figure()
    """
    tried = None if values is None else [str(value) for value in values]
    what, texts = what_is_swept(strategies, sweep, tried)
    name, decided = asked_target(data)
    chosen = decided | taken(settings, (row for row in RACE_OPTIONS if row.name not in _WHAT), "a race")
    chosen |= {"model": name_of(model), "data": name, "strategy": strategy}
    with counting("Unpacking", progress) as unpacking:
        configs, _ = ask_race(chosen, what, texts, tuple(seeds), unpacking)
    run = start_race(configs, what, halving=halving)
    found = RacedRuns(run)
    watch(run, f"Racing {len(configs)} runs", progress, lambda: _race_words(found))
    ended(run)
    if all(member.state is MemberState.FAILED for member in read_race(run).members):
        ended(found.runs[0].folder)
    return found


def _run_words(epochs: Sequence[dict[str, Any]]) -> str:
    """Say what the last epoch reached."""
    if not epochs:
        return "starting"
    last = epochs[-1]
    return f"epoch {last['epoch']}, validation accuracy {last['val_accuracy']:.1%}"


def _race_words(found: RacedRuns) -> str:
    """Say how many runs are over, and who leads."""
    race = found.record
    done = sum(1 for member in race.members if not member.is_open)
    leader = next((row for row in standings(race) if row.accuracy is not None), None)
    leads = f", {leader.words} leads with {leader.accuracy:.1%}" if leader and leader.accuracy is not None else ""
    return f"{done} done{leads}"
