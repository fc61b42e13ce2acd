"""One run, or several beside one another, as one HTML file: figures that move, no network, to hand in or to share."""

from __future__ import annotations

import html
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tlviz import __version__
from tlviz.data.images import dataset_title
from tlviz.figures.compare import (
    Cost,
    Curve,
    plot_confusion,
    plot_cost,
    plot_f1,
    plot_moved,
    plot_reliability,
    plot_run_curves,
)
from tlviz.figures.page import chart_library, chart_part
from tlviz.measures.accuracy import standard_error
from tlviz.measures.calibration import calibration, softmax
from tlviz.measures.confusion import confusion_matrix, f1_scores
from tlviz.runs.answers import Answers, read_answers
from tlviz.runs.compare import differing_settings, feature_drift, pareto_front, weight_drift
from tlviz.runs.overview import Row
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import letters, short_titles, strategy_title

LIBRARIES = ("torch", "torchvision", "timm", "safetensors", "numpy")
MOST_CLASSES = 200
MOST_MATRICES = 8

_STYLE = """
:root { color-scheme: light dark; --ink: #1c232b; --page: #ffffff; --line: #d7dce2; --soft: #5b6672 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaef; --page: #11161d; --line: #333c47; --soft: #9aa5b1 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto;
  max-width: 1080px; padding: 0 1rem }
table { border-collapse: collapse; font-size: 0.9rem; display: block; overflow-x: auto }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.number { font-variant-numeric: tabular-nums }
p.aid { color: var(--soft); font-size: 0.9rem; margin-top: 0 }
.pair { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1rem }
.pair > * { min-width: 0 }
@media print { details { display: block } }
"""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of one run."""

    letter: str
    title: str
    row: Row
    summary: RunSummary
    answers: Answers | None

    @property
    def name(self) -> str:
        return f"{self.letter} {self.title}"

    @property
    def error(self) -> float:
        images = self.summary.start_event.get("validation_images")
        count = images if isinstance(images, int) and images > 0 else 1
        return standard_error(min(1.0, max(0.0, self.row.best_val_accuracy or 0.0)), count)


def report_html(rows: Sequence[Row]) -> str:
    """Return a report on runs as one self-contained HTML file; every name in it is shown as it is."""
    runs = [_told(*held) for held in zip(letters(len(rows)), short_titles(rows), rows, strict=True)]
    title = runs[0].title if len(runs) == 1 else f"{len(runs)} runs compared"
    target = ", ".join(dict.fromkeys(dataset_title(run.row.data) for run in runs))
    body = "\n".join(part for section in _SECTIONS for part in section(runs))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style>{chart_library()}</head><body>\n<h1>{_text(title)}</h1>"
        f'<p class="aid">{_text(target)} · written {time.strftime("%Y-%m-%d %H:%M")} by tlviz {__version__}</p>\n'
        f"{body}\n</body></html>\n"
    )


def _told(letter: str, title: str, row: Row) -> _Told:
    summary = summarise(row.folder)
    return _Told(letter, title, row, summary, read_answers(row.folder, summary.best_epoch))


def _results(runs: Sequence[_Told]) -> Iterator[str]:
    """Tell what each run reached, the best first."""
    yield "<h2>Results</h2>"
    ordered = sorted(runs, key=lambda run: -(run.row.best_val_accuracy or 0.0))
    yield _table(
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
                _share(run.row.best_val_accuracy, run.error),
                run.row.best_epoch,
                _share(run.row.test_accuracy),
                None if run.row.duration_s is None else f"{run.row.duration_s:,.1f}",
                None if run.row.trainable_parameters is None else f"{run.row.trainable_parameters:,}",
            )
            for run in ordered
        ],
    )
    images = runs[0].summary.start_event.get("validation_images")
    yield _aid(
        f"± is one standard error, from the number of validation images ({images if images else 'unknown'}): "
        "smaller differences are noise."
    )
    for run in runs:
        if run.row.notes.text:
            yield f"<h3>{_text(run.name)}: notes</h3><p>{_text(run.row.notes.text).replace(chr(10), '<br>')}</p>"


def _curves(runs: Sequence[_Told]) -> Iterator[str]:
    curves = [Curve(run.name, run.summary.epochs, run.summary.best_epoch) for run in runs]
    yield '<h2>Curves</h2><div class="pair">'
    for measure, title in (("val_accuracy", "validation accuracy"), ("val_loss", "validation loss")):
        yield chart_part(plot_run_curves(curves, measure, title), measure)
    yield "</div>"
    yield _aid("The star is the best epoch, whose weights are kept; epoch 0 is validation before training.")


def _errors(runs: Sequence[_Told]) -> Iterator[str]:
    known = [(at, run, run.answers) for at, run in enumerate(runs) if run.answers is not None]
    if not known:
        return
    yield '<h2>Errors</h2><div class="pair">'
    for at, run, held in known[:MOST_MATRICES]:
        matrix = confusion_matrix(held.labels, held.guesses, len(held.classes))
        yield f"<div><h3>{_text(run.name)}: {held.right.sum():,} of {len(held.labels):,} right</h3>"
        yield chart_part(plot_confusion(matrix, held.classes, at), f"confusion{at}") + "</div>"
    yield "</div>" + _aid("A row is what the images are, a column what they were taken for.")
    if len({held.classes for _, _, held in known}) == 1:
        scores = {
            run.name: f1_scores(confusion_matrix(held.labels, held.guesses, len(held.classes)))
            for _, run, held in known
        }
        yield "<h3>F1 of each class</h3>" + chart_part(plot_f1(known[0][2].classes, scores), "f1")
    found = {run.name: calibration(softmax(held.logits), held.labels) for _, run, held in known}
    yield "<h3>Calibration</h3>" + chart_part(plot_reliability(found), "reliability")
    told = ", ".join(f"{name} {result.error:.1%}" for name, result in found.items())
    yield _aid(f"Expected calibration error: {told}.")


def _moved(runs: Sequence[_Told]) -> Iterator[str]:
    weights = {run.name: weight_drift(run.summary) for run in runs}
    features = {run.name: feature_drift(run.row.folder.events()) for run in runs}
    if any(weights.values()):
        yield "<h2>What moved</h2>"
        yield chart_part(plot_moved(weights, "share of the starting weights"), "weights")
        yield _aid("How far each stage's weights are from their start at the best epoch; frozen stages stay at 0.")
    if any(features.values()):
        yield chart_part(plot_moved(features, "1 - similarity (CKA)"), "features")
        yield _aid("How unlike each stage's features are to the pretrained ones.")


def _costs(runs: Sequence[_Told]) -> Iterator[str]:
    costs = [
        Cost(run.name, run.row.duration_s, run.row.best_val_accuracy or 0.0, run.error)
        for run in runs
        if run.row.duration_s and run.row.duration_s > 0
    ]
    if len(costs) > 1:
        front = pareto_front([cost.cost for cost in costs], [cost.accuracy for cost in costs])
        yield "<h2>Cost</h2>" + chart_part(plot_cost(costs, front, "seconds", is_log=False), "cost")


def _settings(runs: Sequence[_Told]) -> Iterator[str]:
    differing = differing_settings([run.summary.settings for run in runs])
    if differing:
        yield "<h2>Settings that differ</h2>"
        yield _table(("setting", *(run.name for run in runs)), [(name, *held) for name, held in differing.items()])
    yield "<h2>All settings</h2>"
    for run in runs:
        rows = [(name, value) for name, value in run.summary.settings.items()]
        yield f"<details><summary>{_text(run.name)}</summary>{_table(('setting', 'value'), rows)}</details>"


def _about(runs: Sequence[_Told]) -> Iterator[str]:
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
    rows.append(("versions here", ", ".join(_versions())))
    yield _table(("", ""), rows)


_SECTIONS = (_results, _curves, _errors, _moved, _costs, _settings, _about)


def _versions() -> Iterator[str]:
    yield f"tlviz {__version__}"
    yield f"Python {platform.python_version()}"
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in heads)
    lines = "".join(
        "<tr>" + "".join(f'<td class="number">{_text(_word(c))}</td>' for c in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _aid(words: str) -> str:
    return f'<p class="aid">{_text(words)}</p>'


def _share(value: float | None, error: float | None = None) -> str | None:
    if value is None:
        return None
    return f"{value:.1%}" + (f" ± {error:.1%}" if error is not None else "")


def _word(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping | list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _text(words: str) -> str:
    """Show words as they are: no name becomes a part of the page; a half letter of a file's name is a question mark."""
    return html.escape(words.encode(errors="replace").decode())
