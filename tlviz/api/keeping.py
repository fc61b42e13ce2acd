"""Runs in Python: all of this machine, one by its name, several beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tlviz.api.result import Result
from tlviz.api.results_of_runs import Comparison, RacedRuns, Run
from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.runs.named import named_run
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.sides import sides
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.kinds import FINETUNE, RACE
from tlviz.runs.summary import summarise

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.figures.theme import Figure

MOST_DRAWN = 24
"""A figure names so many runs."""
RunLike = str | Run | RacedRuns | RunFolder
"""A run by any of its names, its path or ``last``, or one that is open."""


@dataclass(frozen=True, repr=False)
class RunList(Result):
    """The runs of this machine, newest first."""

    rows: tuple[RunRow, ...]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Run]:
        """Return them one by one, newest first."""
        return (Run(row.folder) for row in self.rows)

    def __getitem__(self, name: str | int) -> Run | RacedRuns:
        """Return a run or a race by its name, its own name, a unique beginning or ``last``, or by its place.

        Raises ``UnknownNameError`` where none has that name, and ``RunNameError`` where several have.
        """
        return Run(self.rows[name].folder) if isinstance(name, int) else open_run(name)

    @property
    def summary(self) -> str:
        """Say how many there are."""
        return f"{len(self.rows):,} fine-tuning runs." if self.rows else "There are no runs yet."

    def table(self) -> pd.DataFrame:
        """Return one row a run: its network, target and strategy, what it reached and when it was started."""
        import pandas as pd

        names = (
            "run", "status", "model", "data", "strategy", "seed", "epochs_run", "best_val_accuracy", "test_accuracy",
            "duration_s", "started",
        )  # fmt: skip
        found = pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.rows], columns=names)
        return found.assign(started=pd.to_datetime(found["started"], unit="s"))

    def figure(self) -> Figure:
        """Draw what the newest runs reached against what they cost."""
        from tlviz.figures.compare import Cost, plot_cost

        known = [row for row in self.rows if row.best_val_accuracy is not None and row.duration_s][:MOST_DRAWN]
        costs = [Cost(row.run, row.duration_s or 0.0, row.best_val_accuracy or 0.0, 0.0, 0) for row in known]
        return plot_cost(costs, [], "seconds", is_log=False)


def runs() -> RunList:
    """Return the fine-tuning runs of this machine, newest first, of the app, the command line and Python.

    >>> every = tlviz.runs()
    >>> every.table()
    >>> every["last"].accuracy
    """
    return RunList(tuple(overview(FINETUNE)))


def open_run(run: RunLike) -> Run | RacedRuns:
    """Return a run or a race by any of its names.

    Raises ``UnknownNameError`` where none has that name, ``RunNameError`` where several have.
    """
    if isinstance(run, Run | RacedRuns):
        return run
    folder = named_run(run) if isinstance(run, str) else run
    kind = folder.config()["kind"]
    if kind not in (FINETUNE, RACE):
        raise UnknownNameError("run or race", folder.name, [row.run for row in overview(FINETUNE)])
    return RacedRuns(folder) if kind == RACE else Run(folder)


def compare(*compared: RunLike) -> Comparison:
    """Compare runs: which is ahead, whether that is more than noise, which settings differ, and what each cost.

    Runs that differ in the seed alone are one side.  Raises ``UnknownNameError`` for a run that is not there, and
    ``BadSettingError`` where fewer than one has a validated epoch.

    >>> first, second = list(tlviz.runs())[:2]
    >>> compared = tlviz.compare(first, second)
    >>> compared.differences()
    >>> compared.figure()
    """
    opened = [one for run in compared for one in _single(open_run(run))]
    rows = {row.run: row for row in overview(FINETUNE)}
    chosen = [rows[run.name] for run in opened if run.name in rows and rows[run.name].best_val_accuracy is not None]
    if not chosen:
        raise BadSettingError("None of these runs has come to a validated epoch; name others.")
    return Comparison(tuple(sides(chosen, {row.run: summarise(row.folder) for row in chosen})))


def _single(found: Run | RacedRuns) -> Sequence[Run]:
    return found.runs if isinstance(found, RacedRuns) else [found]
