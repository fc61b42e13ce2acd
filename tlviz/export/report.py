"""One run, or several beside one another, as one HTML file: figures that move, no network, to hand in or to share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tlviz.data.images import dataset_title
from tlviz.export.html_parts import document, share, versions
from tlviz.figures.calibration_words import bins_in_words, calibration_in_words
from tlviz.figures.compare import (
    Cost,
    NamedEpochs,
    plot_confusion,
    plot_cost,
    plot_f1,
    plot_moved,
    plot_reliability,
    plot_run_curves,
)
from tlviz.figures.page import chart_part
from tlviz.measures.calibration import calibration, softmax
from tlviz.measures.confusion import confusion_matrix, f1_scores
from tlviz.runs.compare import differing_settings, feature_drift, pareto_front, weight_drift
from tlviz.runs.overview import RunRow
from tlviz.runs.places import same_settings
from tlviz.runs.predictions import Answers, read_answers
from tlviz.runs.sides import image_error, sides
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import letters, short_titles, strategy_title

MOST_CLASSES = 200
MOST_MATRICES = 8


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one run."""

    letter: str
    title: str
    row: RunRow
    summary: RunSummary
    answers: Answers | None
    place: int

    @property
    def name(self) -> str:
        """How it is called in charts."""
        return f"{self.letter} {self.title}"

    @property
    def error(self) -> float:
        """The standard error of its best accuracy, by the number of its validation images."""
        return image_error(self.summary)


def report_html(rows: Sequence[RunRow]) -> str:
    """Return a report on runs as one self-contained HTML file; every name in it is shown as it is."""
    runs = told_apart(rows)
    settings = [run.summary.settings for run in runs]
    return document(
        "runs.html",
        title=runs[0].title if len(runs) == 1 else f"{len(runs)} runs compared",
        subject=", ".join(dict.fromkeys(dataset_title(run.row.data) for run in runs)),
        names=[run.name for run in runs],
        results=_results(runs),
        images=runs[0].summary.start_event.get("validation_images") or "unknown",
        notes=[(run.name, run.row.notes.text) for run in runs if run.row.notes.text],
        curves=_curves(runs),
        errors=errors_part(runs),
        moved=moved_part(runs),
        cost=_cost(runs),
        differing=[(name, *held) for name, held in differing_settings(settings).items()],
        all_settings=[(run.name, list(run.summary.settings.items())) for run in runs],
        about=_about(runs),
    )


def told_apart(rows: Sequence[RunRow]) -> list[Told]:
    """Read what is told of runs, each called by what differs, in the colour that it has on the pages."""
    summaries = [summarise(row.folder) for row in rows]
    titles = short_titles(rows, [same_settings(summary.settings) for summary in summaries])
    groups = sides(rows, {summary.run: summary for summary in summaries})
    places = {run.run: side.place for side in groups for run in side.runs}
    return [
        tell(letter, title, row, places[row.run])
        for letter, title, row in zip(letters(len(rows)), titles, rows, strict=True)
    ]


def tell(letter: str, title: str, row: RunRow, place: int) -> Told:
    """Read what is told of a run that is called like this, and has the colour of this place."""
    summary = summarise(row.folder)
    return Told(letter, title, row, summary, read_answers(row.folder, summary.best_epoch), place)


def _results(runs: Sequence[Told]) -> list[tuple[object, ...]]:
    """Return a row of what each run reached, the best first."""
    return [
        (
            run.name,
            strategy_title(run.row.strategy),
            run.row.model,
            run.row.seed,
            share(run.row.best_val_accuracy, run.error),
            run.row.best_epoch,
            share(run.row.test_accuracy),
            None if run.row.duration_s is None else f"{run.row.duration_s:,.1f}",
            None if run.row.trainable_parameters is None else f"{run.row.trainable_parameters:,}",
        )
        for run in sorted(runs, key=lambda run: -(run.row.best_val_accuracy or 0.0))
    ]


def _curves(runs: Sequence[Told]) -> list[str]:
    curves = [NamedEpochs(run.name, run.summary.epochs, run.summary.best_epoch, run.place) for run in runs]
    measures = (("val_accuracy", "validation accuracy"), ("val_loss", "validation loss"))
    return [chart_part(plot_run_curves(curves, measure, title), measure) for measure, title in measures]


def errors_part(runs: Sequence[Told]) -> dict[str, Any] | None:
    """Return confusion matrices, F1 and calibration of the runs whose answers were kept; None where there are none."""
    known = [(at, run, run.answers) for at, run in enumerate(runs) if run.answers is not None]
    if not known:
        return None
    counted = {run.name: confusion_matrix(held.labels, held.guesses, len(held.classes)) for _, run, held in known}
    places = [run.place for _, run, _ in known]
    matrices = [
        {
            "name": run.name,
            "right": f"{held.right.sum():,}",
            "count": f"{len(held.labels):,}",
            "chart": chart_part(plot_confusion(counted[run.name], held.classes, run.place), f"confusion{at}"),
        }
        for at, run, held in known[:MOST_MATRICES]
    ]
    is_comparable = len({held.classes for _, _, held in known}) == 1
    scores = {name: f1_scores(matrix) for name, matrix in counted.items()}
    found = {run.name: calibration(softmax(held.logits), held.labels) for _, run, held in known}
    return {
        "matrices": matrices,
        "f1": chart_part(plot_f1(known[0][2].classes, scores, places), "f1") if is_comparable else None,
        "reliability": chart_part(plot_reliability(found, places), "reliability"),
        "calibration": f"{calibration_in_words(found)} {bins_in_words(found)}",
    }


def moved_part(runs: Sequence[Told]) -> dict[str, str | None]:
    """Return how far the stages of the runs moved, in weights and features, each None where it was not measured."""
    weights = {run.name: weight_drift(run.summary) for run in runs}
    features = {run.name: feature_drift(run.row.folder.events()) for run in runs}
    return {
        name: chart_part(plot_moved(values, words), name) if any(values.values()) else None
        for name, values, words in (
            ("weights", weights, "share of the starting weights"),
            ("features", features, "1 - similarity (CKA)"),
        )
    }


def _cost(runs: Sequence[Told]) -> str | None:
    costs = [
        Cost(run.name, run.row.duration_s, run.row.best_val_accuracy or 0.0, run.error, run.place)
        for run in runs
        if run.row.duration_s and run.row.duration_s > 0
    ]
    if len(costs) < 2:
        return None
    front = pareto_front([cost.cost for cost in costs], [cost.accuracy for cost in costs])
    return chart_part(plot_cost(costs, front, "seconds", is_log=False), "cost")


def _about(runs: Sequence[Told]) -> list[tuple[Any, ...]]:
    """Return the images, the classes and the versions."""
    begun = runs[0].summary.start_event
    classes = begun.get("classes")
    parts = [
        f"{begun[f'{part}_images']} {part}" for part in ("train", "validation", "test") if f"{part}_images" in begun
    ]
    rows: list[tuple[Any, ...]] = [("target", runs[0].row.data), ("images", ", ".join(parts))]
    if isinstance(classes, list):
        rows.append((f"{len(classes)} classes", ", ".join(map(str, classes[:MOST_CLASSES]))))
    excluded = begun.get("excluded")
    rows.append(("excluded by hand", len(excluded) if isinstance(excluded, list) else 0))
    rows.append(("device", begun.get("device")))
    rows.append(("runs", ", ".join(run.row.run for run in runs)))
    rows.append(("versions here", ", ".join(versions())))
    return rows
