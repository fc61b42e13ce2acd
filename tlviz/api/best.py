"""The best model within a budget of minutes, in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlviz.api.asking import READING_OPTIONS, ask_best, taken
from tlviz.api.bars import counting, watch
from tlviz.api.networks import Source, name_of
from tlviz.api.result import Result
from tlviz.api.results_of_runs import RacedRuns, Run, ended
from tlviz.api.targets import Data, asked_target
from tlviz.errors import BadSettingError
from tlviz.runs.best.found import Best, read_best
from tlviz.runs.launch import start_best
from tlviz.runs.races.race import folder_of
from tlviz.runs.store.folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.figures.theme import Figure


@dataclass(frozen=True, repr=False)
class BestModel(Result):
    """What a search within a budget has found, read from its race."""

    folder: RunFolder

    @property
    def found(self) -> Best:
        """Everything that was found: the winner's settings, accuracy, 90% interval, signal and runners-up."""
        return read_best(self.folder)

    @property
    def accuracy(self) -> float | None:
        """The accuracy on pictures that no choice has seen, a fraction."""
        return self.found.accuracy

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 90% interval of the accuracy."""
        return self.found.interval

    @property
    def signal(self) -> bool:
        """Whether there was anything to learn; else there is no model to take."""
        return self.found.signal

    @property
    def run(self) -> Run:
        """The winner; raises ``BadSettingError`` where there was nothing to learn."""
        found = self.found
        if found.run is None:
            raise BadSettingError(found.summary)
        return Run(folder_of(self.folder, found.run))

    @property
    def race(self) -> RacedRuns:
        """Everything that was tried, an ordinary race."""
        return RacedRuns(self.folder)

    @property
    def summary(self) -> str:
        """Say what was found, how sure that is, and what more time would probably buy."""
        return self.found.summary

    def table(self) -> pd.DataFrame:
        """Return one row a run that was tried, the best first, as of a race."""
        return self.race.table()

    def figure(self) -> Figure:
        """Draw the validation accuracy of everything that was tried over the epochs."""
        return self.race.figure()


def best(
    data: Data,
    minutes: float = 10.0,
    *,
    models: Source | Sequence[Source] | None = None,
    image_size: int | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: bool = True,
    **reading: Any,
) -> BestModel:
    """Find the best model for a target in some minutes, and what it is worth on pictures that no choice has seen.

    It measures, races what measuring advises against the fixed rules, changes the leader while time is left, and judges
    the winner on the test part, or on pictures kept from all choices.  ``models`` None are those that ship;
    ``image_size`` is the side of the first runs, by default what the time allows.  ``reading`` are options of the
    target, as in ``open_target``.  An interruption stops it and judges the best so far.  Raises ``TlvizError`` for a
    mistake, and ``RunFailedError`` where no run came to its first epoch.

    >>> found = tlviz.best("photos", minutes=0.5, image_size=64)
    >>> found.signal
    True
    >>> found.table()
    """
    name, decided = asked_target(data)
    chosen = decided | taken(reading, READING_OPTIONS, "a target")
    many: Sequence[Source] | None = models if models is None or isinstance(models, list | tuple) else [models]  # type: ignore[list-item]
    named = None if many is None else [name_of(one) for one in many]
    with counting("Unpacking", progress) as unpacking:
        networks, name, _ = ask_best(name, minutes, named, chosen, unpacking)
    base = chosen | {"seed": seed} | ({"image_size": image_size} if image_size else {})
    run = start_best(networks, name, minutes, base, device)
    watch(run, f"Searching for {minutes:g} minutes", progress)
    ended(run)
    return BestModel(run)
