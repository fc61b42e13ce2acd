"""One run, or several beside one another, as one HTML file: figures that move, no network, to hand in or to share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tlviz.data.pixels.images import dataset_title
from tlviz.export.html_parts import aid, document, share, table, text, versions
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
from tlviz.measures.accuracy import standard_error
from tlviz.measures.calibration import calibration, softmax
from tlviz.measures.confusion import confusion_matrix, f1_scores
from tlviz.runs.compare import differing_settings, feature_drift, pareto_front, weight_drift
from tlviz.runs.overview import Row
from tlviz.runs.predictions import Answers, read_answers
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import letters, short_titles, strategy_title

MOST_CLASSES = 200
MOST_MATRICES = 8


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one run."""

    letter: str
    title: str
    row: Row
    summary: RunSummary
    answers: Answers | None

    @property
    def name(self) -> str:
        """How it is called in charts."""
        return f"{self.letter} {self.title}"

    @property
    def error(self) -> float:
        """The standard error of its best accuracy, by the number of its validation images."""
        images = self.summary.start_event.get("validation_images")
        count = images if isinstance(images, int) and images > 0 else 1
        return standard_error(min(1.0, max(0.0, self.row.best_val_accuracy or 0.0)), count)


def report_html(rows: Sequence[Row]) -> str:
    """Return a report on runs as one self-contained HTML file; every name in it is shown as it is."""
    runs = [tell(*held) for held in zip(letters(len(rows)), short_titles(rows), rows, strict=True)]
    title = runs[0].title if len(runs) == 1 else f"{len(runs)} runs compared"
    target = ", ".join(dict.fromkeys(dataset_title(run.row.data) for run in runs))
    body = "\n".join(part for section in _SECTIONS for part in section(runs))
    return document(title, target, body)


def tell(letter: str, title: str, row: Row) -> Told:
    """Read what is told of a run that is called like this."""
    summary = summarise(row.folder)
    return Told(letter, title, row, summary, read_answers(row.folder, summary.best_epoch))


def _results(runs: Sequence[Told]) -> Iterator[str]:
    """Tell what each run reached, the best first."""
    yield "<h2>Results</h2>"
    ordered = sorted(runs, key=lambda run: -(run.row.best_val_accuracy or 0.0))
    yield table(
        (
            "run",
            "strategy",
            "network",
            "seed",
            "best validation accuracy",
            "epoch",
            "test accuracy",
            "seconds",
            "trains",
        ),
        [
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
            for run in ordered
        ],
    )
    images = runs[0].summary.start_event.get("validation_images")
    yield aid(
        f"± is one standard error, from the number of validation images ({images if images else 'unknown'}): "
        "smaller differences are noise."
    )
    for run in runs:
        if run.row.notes.text:
            yield f"<h3>{text(run.name)}: notes</h3><p>{text(run.row.notes.text).replace(chr(10), '<br>')}</p>"


def _curves(runs: Sequence[Told]) -> Iterator[str]:
    curves = [NamedEpochs(run.name, run.summary.epochs, run.summary.best_epoch) for run in runs]
    yield '<h2>Curves</h2><div class="pair">'
    for measure, title in (("val_accuracy", "validation accuracy"), ("val_loss", "validation loss")):
        yield chart_part(plot_run_curves(curves, measure, title), measure)
    yield "</div>"
    yield aid("The star is the best epoch, whose weights are kept; epoch 0 is validation before training.")


def errors_part(runs: Sequence[Told]) -> Iterator[str]:
    """Yield confusion matrices, F1 and calibration of the runs whose answers were kept."""
    known = [(at, run, run.answers) for at, run in enumerate(runs) if run.answers is not None]
    if not known:
        return
    yield '<h2>Errors</h2><div class="pair">'
    for at, run, held in known[:MOST_MATRICES]:
        matrix = confusion_matrix(held.labels, held.guesses, len(held.classes))
        yield f"<div><h3>{text(run.name)}: {held.right.sum():,} of {len(held.labels):,} right</h3>"
        yield chart_part(plot_confusion(matrix, held.classes, at), f"confusion{at}") + "</div>"
    yield "</div>" + aid("A row is what the images are, a column what they were taken for.")
    if len({held.classes for _, _, held in known}) == 1:
        scores = {
            run.name: f1_scores(confusion_matrix(held.labels, held.guesses, len(held.classes)))
            for _, run, held in known
        }
        yield "<h3>F1 of each class</h3>" + chart_part(plot_f1(known[0][2].classes, scores), "f1")
    found = {run.name: calibration(softmax(held.logits), held.labels) for _, run, held in known}
    yield "<h3>Calibration</h3>" + chart_part(plot_reliability(found), "reliability")
    told = ", ".join(f"{name}: {result.error:.1%}" for name, result in found.items())
    yield aid(f"Expected calibration error: {told}.")


def moved_part(runs: Sequence[Told]) -> Iterator[str]:
    """Yield how far the stages of the runs moved, in weights and features, where that was measured."""
    weights = {run.name: weight_drift(run.summary) for run in runs}
    features = {run.name: feature_drift(run.row.folder.events()) for run in runs}
    if any(weights.values()):
        yield "<h2>What moved</h2>"
        yield chart_part(plot_moved(weights, "share of the starting weights"), "weights")
        yield aid("How far each stage's weights are from their start at the best epoch; frozen stages stay at 0.")
    if any(features.values()):
        yield chart_part(plot_moved(features, "1 - similarity (CKA)"), "features")
        yield aid("How unlike each stage's features are to the pretrained ones.")


def _costs(runs: Sequence[Told]) -> Iterator[str]:
    costs = [
        Cost(run.name, run.row.duration_s, run.row.best_val_accuracy or 0.0, run.error)
        for run in runs
        if run.row.duration_s and run.row.duration_s > 0
    ]
    if len(costs) > 1:
        front = pareto_front([cost.cost for cost in costs], [cost.accuracy for cost in costs])
        yield "<h2>Cost</h2>" + chart_part(plot_cost(costs, front, "seconds", is_log=False), "cost")


def _settings(runs: Sequence[Told]) -> Iterator[str]:
    differing = differing_settings([run.summary.settings for run in runs])
    if differing:
        yield "<h2>Settings that differ</h2>"
        yield table(("setting", *(run.name for run in runs)), [(name, *held) for name, held in differing.items()])
    yield "<h2>All settings</h2>"
    for run in runs:
        rows = [(name, value) for name, value in run.summary.settings.items()]
        yield f"<details><summary>{text(run.name)}</summary>{table(('setting', 'value'), rows)}</details>"


def _about(runs: Sequence[Told]) -> Iterator[str]:
    """Tell the images, the classes and the versions."""
    yield "<h2>Images and versions</h2>"
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
    yield table(("", ""), rows)


_SECTIONS = (_results, _curves, errors_part, moved_part, _costs, _settings, _about)
