"""Taking a run home in Python: its network as checked files, and its answers to new pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlviz.api.bars import counting, watch
from tlviz.api.result import Result
from tlviz.api.waiting import need_end
from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.folder import given_path
from tlviz.errors import BadDatasetError, UnknownNameError
from tlviz.export.files.fitting import wanted_formats
from tlviz.export.files.table import parse_formats
from tlviz.export.hand_over import check_destination
from tlviz.export.run_weights import Weights
from tlviz.medium import WORDS, Medium
from tlviz.models.imported import medium_of_weights
from tlviz.runs.launch import start_export
from tlviz.runs.races.winner import run_to_take
from tlviz.runs.store.folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.export.predict import Prediction
    from tlviz.figures.theme import Figure

STOPPED = "The export was stopped before its end; nothing was left."
TOLD = ("run", "weights", "epoch", "folder", "zip", "files", "checks", "refused", "ready", "duration_s")
"""What an export says of itself at its end."""


@dataclass(frozen=True, repr=False)
class Exported(Result):
    """A run's network as files in ``folder``: ``told`` holds each file's check, ``refused`` what could not be made."""

    told: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return Path(self.told["folder"])

    @property
    def ready(self) -> bool:
        """Whether every file gave the run's own answers."""
        return bool(self.told["ready"])

    @property
    def refused(self) -> Mapping[str, str]:
        """The formats that could not be made, and why."""
        found: Mapping[str, str] = self.told["refused"]
        return found

    @property
    def summary(self) -> str:
        """Say what was written, and whether it passed."""
        words = "all checked and right" if self.ready else "not all passed their check"
        return f"{len(self.told['files'])} formats in {self.folder}: {words}."

    def table(self) -> pd.DataFrame:
        """Return one row a format: its check, agreement with the run, size and times."""
        import pandas as pd

        checks = {name: check for name, check in self.told["checks"].items() if name in self.told["files"]}
        return pd.DataFrame(
            [
                {
                    "format": name,
                    "check": check["status"],
                    "agreement": check["top1_agreement"],
                    "difference": check["max_logit_difference"],
                    "accuracy": check["accuracy"],
                    "size_mb": check["size_bytes"] / 1e6,
                    "ms": check["latency_ms"].get("1"),
                    "ms_for_32": check["latency_ms"].get("32"),
                }
                for name, check in checks.items()
            ]
        )

    def figure(self) -> Figure:
        """Draw how large each format is."""
        from tlviz.figures.counts import plot_counts

        rows = self.table()
        return plot_counts(rows["format"].tolist(), rows["size_mb"].tolist(), "MB")


def begin_export(
    runs: Sequence[RunFolder],
    to: str | PathLike[str],
    formats: str,
    *,
    zipped: bool = False,
    weights: str = Weights.BEST,
    check: bool = True,
) -> RunFolder:
    """Start writing the network of a run, of a race's winner or of the best of several, and return the job.

    ``formats`` are comma-separated.  Raises ``TlvizError`` for a format that is not on offer, a folder that is in use,
    or runs that cannot be exported.
    """
    parse_formats(formats)
    folder = given_path(str(to)).absolute()
    taken = run_to_take(runs)
    check_destination(folder, zipped=zipped)
    chosen = Weights(weights)
    return start_export(taken, folder, wanted_formats(formats, taken), weights=chosen, zipped=zipped, check=check)


def take_home(
    run: RunFolder,
    to: str | PathLike[str],
    formats: str | Sequence[str],
    *,
    zipped: bool,
    weights: str,
    check: bool,
    progress: bool,
) -> Exported:
    """Export a run and wait for it, as ``tlviz.export``.  Raises what that raises."""
    if weights not in list(Weights):
        raise UnknownNameError("kind of weights", weights, Weights)
    names = formats if isinstance(formats, str) else ",".join(formats)
    job = begin_export([run], to, names, zipped=zipped, weights=weights, check=check)
    watch(job, "Exporting", progress)
    last = need_end(job, STOPPED)
    return Exported({name: last.get(name) for name in TOLD})


@dataclass(frozen=True, slots=True)
class Named:
    """What a run says of new pictures: ``problems`` are those that it could not open, ``reason`` is why none is marked.

    ``classes`` are all that it knows.
    """

    run: str
    classes: tuple[str, ...]
    rows: tuple[Prediction, ...]
    problems: tuple[Problem, ...]
    reason: str
    medium: Medium = Medium.PICTURES


def name_pictures(
    run: RunFolder,
    paths: Sequence[str | PathLike[str]],
    *,
    unlike: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Named:
    """Classify pictures or texts, those below folders too, with a run's best weights; what is none is named.

    What is no file's path is a text by itself for a text encoder.  ``unlike`` marks pictures unlike the training
    images where these are on this machine.
    Raises ``BadWeightsError`` where the run has saved none.
    """
    from tlviz.export.ood_reference import find_ood_reference
    from tlviz.export.predict import find_pictures, load_predictor, predict

    if medium_of_weights(run) is Medium.TEXTS:
        return _name_texts(run, [str(path) for path in paths], progress)
    network, geometry = load_predictor(run)
    pictures, missing = find_pictures(given_path(str(path)) for path in paths)
    reference, reason = find_ood_reference(run.weights, network) if unlike and pictures else (None, "")
    named = predict(network, geometry, pictures, reference, progress)
    return Named(run.name, network.classes, named.rows, (*missing, *named.problems), reason)


def _name_texts(run: RunFolder, given: Sequence[str], progress: Callable[[int, int], None] | None) -> Named:
    from tlviz.export.bundle import load_bundle
    from tlviz.export.text_predict import find_texts, predict_texts

    texts, problems = find_texts(given)
    network = load_bundle(run.weights)
    named = predict_texts(network, run.weights, texts, progress)
    return Named(run.name, network.classes, named.rows, (*problems, *named.problems), "", Medium.TEXTS)


def none_named(found: Named) -> BadDatasetError:
    """Return the error of a call in which nothing could be named."""
    what = WORDS[found.medium].one
    return BadDatasetError(f"None of the {len(found.problems)} given paths is a {what} that can be opened.")


@dataclass(frozen=True, repr=False)
class Predicted(Result):
    """What a run says of new pictures; ``problems`` names those that could not be opened."""

    named: Named

    @property
    def rows(self) -> tuple[Prediction, ...]:
        """A prediction for every picture, with its three best guesses."""
        return self.named.rows

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is no picture, and why."""
        return self.named.problems

    @property
    def summary(self) -> str:
        """Say how many pictures were named."""
        left = f", {len(self.problems):,} left out" if self.problems else ""
        unlike = sum(row.is_unlike is True for row in self.rows)
        odd = f", {unlike:,} unlike the training images" if unlike else ""
        return f"{len(self.rows):,} pictures named by {self.named.run}{left}{odd}."

    def table(self) -> pd.DataFrame:
        """Return one row a picture: its class, probability, and whether it is unlike the training images."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "path": row.path,
                    "class": row.guesses[0].name,
                    "probability": row.guesses[0].probability,
                    "unlike_training": row.is_unlike,
                    "distance": row.distance,
                    "note": row.note,
                }
                for row in self.rows
            ]
        )

    def figure(self) -> Figure:
        """Draw how many pictures were given to each class."""
        from tlviz.figures.counts import plot_counts

        counts = self.table()["class"].value_counts()
        return plot_counts([str(name) for name in counts.index], counts.tolist(), "pictures")


def ask_about(run: RunFolder, pictures: Sequence[str | PathLike[str]], *, unlike: bool, progress: bool) -> Predicted:
    """Classify pictures with a run or a race's winner, as ``tlviz.predict``.  Raises what that raises."""
    with counting("Naming pictures", progress) as told:
        found = name_pictures(run_to_take([run]), pictures, unlike=unlike, progress=told)
    if not found.rows:
        raise none_named(found)
    return Predicted(found)
