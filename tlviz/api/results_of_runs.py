"""What a run, a race and a comparison say in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlviz.api.networks import LoadedNetwork
from tlviz.api.result import Result
from tlviz.api.subjects import load_run
from tlviz.api.taking import Exported, Predicted, ask_about, take_home
from tlviz.api.waiting import RunFailedError
from tlviz.data.images import dataset_title
from tlviz.finetune.settings import in_words
from tlviz.runs.beside import beside_words, side_standings
from tlviz.runs.compare import differing_settings
from tlviz.runs.failure import failure_of
from tlviz.runs.how_it_went import how_it_went
from tlviz.runs.places import same_settings
from tlviz.runs.races.race import Race, read_race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.races.verdict import verdict
from tlviz.runs.races.winner import run_to_take
from tlviz.runs.sides import SEED, Side
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import strategy_title

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.figures.theme import Figure


@dataclass(frozen=True, repr=False)
class Run(Result):
    """A fine-tuning run, read from its folder at every question: the one that the Runs page shows."""

    folder: RunFolder

    @property
    def name(self) -> str:
        """The name of its folder, by which every function finds it."""
        return self.folder.name

    @property
    def record(self) -> RunSummary:
        """Everything that is recorded of it."""
        return summarise(self.folder)

    @property
    def status(self) -> str:
        """Whether it is queued, running, finished, stopped, failed or lost."""
        return str(self.folder.status())

    @property
    def accuracy(self) -> float | None:
        """The validation accuracy of its best epoch, a fraction."""
        return self.record.best_val_accuracy

    @property
    def test_accuracy(self) -> float | None:
        """The accuracy on the test images, None where there are none or they were not asked."""
        return self.record.test_accuracy

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights are kept."""
        return self.record.best_epoch

    @property
    def settings(self) -> Mapping[str, Any]:
        """All its settings by name."""
        return self.record.settings

    @property
    def summary(self) -> str:
        """Say what it reached."""
        found = self.record
        what = f"{self.name}: {strategy_title(found.strategy)} on {dataset_title(found.data)}, {self.status}"
        if found.best_val_accuracy is None:
            return f"{what}."
        went = how_it_went(found)
        best = f"validation accuracy {found.best_val_accuracy:.1%} at epoch {found.best_epoch}"
        return f"{what}; {best}. {went}".strip()

    def table(self) -> pd.DataFrame:
        """Return one row an epoch: losses, accuracies and times."""
        import pandas as pd

        epochs = self.record.epochs
        plain = [{name: value for name, value in epoch.items() if _is_number(value)} for epoch in epochs]
        return pd.DataFrame(plain).drop(columns="time", errors="ignore")

    def figure(self) -> Figure:
        """Draw accuracy and loss over the epochs, the best one marked."""
        from tlviz.figures.curves import plot_curves

        found = self.record
        return plot_curves(found.epochs, found.best_epoch, int(found.settings.get("epochs") or 1), self.name)

    def network(self) -> LoadedNetwork:
        """Load the network of its best weights."""
        return load_run(str(self.folder.path)) if not _is_known(self.folder) else load_run(self.name)

    def predict(self, *pictures: str | PathLike[str], unlike: bool = True, progress: bool = True) -> Predicted:
        """Classify new pictures, as ``tlviz.predict``."""
        return ask_about(self.folder, pictures, unlike=unlike, progress=progress)

    def export(
        self,
        to: str | PathLike[str],
        formats: str | Sequence[str] = "safetensors",
        *,
        zip: bool = False,  # noqa: A002 (as the command line calls it)
        weights: str = "best",
        check: bool = True,
        progress: bool = True,
    ) -> Exported:
        """Write its network into a folder, as ``tlviz.export``."""
        return take_home(self.folder, to, formats, zipped=zip, weights=weights, check=check, progress=progress)


@dataclass(frozen=True, repr=False)
class RacedRuns(Result):
    """A race, read from its folder at every question: the one that the Race page shows."""

    folder: RunFolder

    @property
    def name(self) -> str:
        """The name of its folder, by which every function finds it."""
        return self.folder.name

    @property
    def record(self) -> Race:
        """Everything that is recorded of it."""
        return read_race(self.folder)

    @property
    def status(self) -> str:
        """Whether it is queued, running, finished, stopped, failed or lost."""
        return str(self.folder.status())

    @property
    def standings(self) -> list[Standing]:
        """What was raced, the best first."""
        return standings(self.record)

    @property
    def winner(self) -> Run:
        """The run to take home, the best seed of the best value; raises ``BadSettingError`` where there is none."""
        return Run(run_to_take([self.folder]))

    @property
    def runs(self) -> list[Run]:
        """Its runs that have begun, in the order of the plan."""
        members = sorted(self.record.members, key=lambda member: member.number)
        return [Run(RunFolder(self.folder.path.parent / member.run)) for member in members if member.run]

    @property
    def summary(self) -> str:
        """Say who wins, and whether that is more than noise."""
        found = self.record
        return f"{self.name}: {verdict(found, standings(found))}"

    def table(self) -> pd.DataFrame:
        """Return one row a raced value, the best first: accuracy with its error, distance to the best, and costs."""
        import pandas as pd

        names = (
            "words", "seeds", "accuracy", "error", "gap", "is_distinguishable", "seconds", "trainable_parameters",
            "memory_mb", "source_kept",
        )  # fmt: skip
        return pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.standings])

    def figure(self, axis: str = "epochs") -> Figure:
        """Draw the validation accuracy of every raced value over epochs, seconds or images."""
        from tlviz.figures.race import Axis, Measure, plot_race, race_lines

        found, over = self.record, Axis(axis)
        epochs = max((member.epochs for member in found.members), default=1)
        lines = race_lines(found, Measure.ACCURACY, over)
        return plot_race(
            lines, Measure.ACCURACY, over, is_log=False, epochs=epochs, revision=self.name, with_legend=True
        )

    def export(
        self,
        to: str | PathLike[str],
        formats: str | Sequence[str] = "safetensors",
        *,
        zip: bool = False,  # noqa: A002 (as the command line calls it)
        weights: str = "best",
        check: bool = True,
        progress: bool = True,
    ) -> Exported:
        """Write the winner's network into a folder, as ``tlviz.export``."""
        return self.winner.export(to, formats, zip=zip, weights=weights, check=check, progress=progress)


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """Ways of training beside each other: those that differ in the seed alone are one ``side``."""

    sides: tuple[Side, ...]

    @property
    def standings(self) -> list[Standing]:
        """The sides, the best first."""
        return side_standings(self.sides)

    @property
    def summary(self) -> str:
        """Say which is ahead, and whether that is more than noise."""
        return beside_words(self.sides, self.standings)

    def table(self) -> pd.DataFrame:
        """Return one row a side, the best first: accuracy with its error, and what it cost."""
        import pandas as pd

        names = ("words", "seeds", "accuracy", "error", "gap", "is_distinguishable", "seconds", "trainable_parameters")
        return pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.standings])

    def differences(self) -> pd.DataFrame:
        """Return the settings that are not the same in all: one row a setting, one column a side."""
        import pandas as pd

        differing = differing_settings([settings_of_side(side) for side in self.sides])
        table = {"setting": [in_words(name) for name in differing]}
        return pd.DataFrame(
            table | {side.name: [held[at] for held in differing.values()] for at, side in enumerate(self.sides)}
        )

    def figure(self, measure: str = "val_accuracy") -> Figure:
        """Draw a measure of every run over its epochs."""
        from tlviz.figures.compare import NamedEpochs, plot_run_curves

        curves = [
            NamedEpochs(side.name, run.epochs, run.best_epoch, side.place) for side in self.sides for run in side.runs
        ]
        return plot_run_curves(curves, measure, in_words(measure).replace("val ", "validation "))


def settings_of_side(side: Side) -> dict[str, Any]:
    """Return the settings of a side; of several seeds, all of them."""
    settings = same_settings(side.runs[0].settings)
    return settings | {SEED: list(side.by_seed)} if len(side.runs) > 1 else settings


def ended(run: RunFolder) -> None:
    """Raise ``RunFailedError`` with its sentence where a run or a race has failed."""
    if run.status() in (Status.FAILED, Status.LOST):
        raise RunFailedError(summarise(run).error or failure_of(run) or f"The run {run.name} failed.")


def _is_known(folder: RunFolder) -> bool:
    from tlviz.home import runs_folder

    return folder.path.parent.resolve() == Path(runs_folder()).resolve()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
