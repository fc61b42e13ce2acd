"""The next steps of a run that is over, gathered from its folder, from runs like it and from the doctor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tlviz.data.doctor.findings import Kind
from tlviz.diagnose.doctor import known_report
from tlviz.errors import BadSettingError, TlvizError
from tlviz.finetune.config import FinetuneConfig
from tlviz.medium import Medium
from tlviz.models.catalogue import find_model
from tlviz.runs.best.plan import SIDES
from tlviz.runs.launch import start_finetune, start_race
from tlviz.runs.next_steps import (
    NextStep,
    Point,
    choose_steps,
    class_pair,
    longer,
    more_data,
    over_fitting,
    picture_size,
    wrong_labels,
)
from tlviz.runs.places import same_settings
from tlviz.runs.predictions import read_answers
from tlviz.runs.races.plan import PLAN
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import RunSummary, summarise

MOST_LOOKED_AT = 60
"""So many of the newest runs are searched for those with fewer labels."""
_MAY_DIFFER = ("labels_per_class", "gauges", "threads", "cache_mb", PLAN)


def next_steps(run: RunFolder) -> list[NextStep]:
    """Return the two or three things to try after a run, the largest gain first; none before it has an epoch."""
    summary = summarise(run)
    begun = summary.start_event
    train, judged = begun.get("train_images"), begun.get("validation_images")
    if not summary.status.is_over or summary.best_val_accuracy is None or not summary.epochs_run:
        return []
    if not isinstance(train, int) or not isinstance(judged, int) or not train or not judged:
        return []
    accuracy, error = summary.best_val_accuracy, 1 - summary.best_val_accuracy
    classes = begun.get("classes")
    count = len(classes) if isinstance(classes, list) else 2
    best = next((e for e in summary.epochs if e["epoch"] == summary.best_epoch), {})
    trained = best.get("train_accuracy")
    answers = read_answers(run, summary.best_epoch)
    return choose_steps(
        (
            more_data(_alike(summary), train, accuracy, judged, count),
            over_fitting(float(trained), accuracy, judged, summary.settings) if trained is not None else None,
            _size(summary, error),
            _labels(summary, error),
            class_pair(answers.labels, answers.guesses, answers.classes) if answers else None,
            longer(summary.epochs, int(summary.settings.get("epochs") or 0), judged),
        ),
        error,
    )


def start_step(run: RunFolder, step: NextStep) -> RunFolder:
    """Start what a step tries: a run with its changed settings, or a race of several.  Raises ``TlvizError``."""
    if not step.runs:
        raise BadSettingError("This step is something to look at; it starts nothing.")
    configs = [config_of(run, changes) for _, changes in step.runs]
    if len(configs) == 1:
        return start_finetune(configs[0])
    return start_race(configs, PLAN, labels=[label for label, _ in step.runs])


def config_of(run: RunFolder, changes: Any) -> FinetuneConfig:
    """Return the settings of a run with some changed.  Raises ``BadSettingError``."""
    return FinetuneConfig.from_json(same_settings(summarise(run).settings) | dict(changes))


def _size(summary: RunSummary, error: float) -> NextStep | None:
    try:
        spec = find_model(summary.model)
    except TlvizError:  # a file that is gone
        return None
    if spec.medium is not Medium.PICTURES:
        return None
    size, own = int(summary.settings.get("image_size") or 0), spec.preprocessing.size
    larger = next((side for side in sorted(SIDES) if size < side <= own and spec.takes(side)), None)
    return picture_size(size, own, larger, error)


def _labels(summary: RunSummary, error: float) -> NextStep | None:
    try:
        report = known_report(summary.data)
    except TlvizError:  # a target that is gone
        return None
    if report is None:
        return None
    found = [one for one in report.findings if one.kind is Kind.LABEL_SUSPECT and not one.excluded]
    return wrong_labels(len(found), report.images, error)


def _alike(summary: RunSummary) -> list[Point]:
    """Return the runs that differ from this one in nothing but the number of labels."""
    return list(_points(summary, list_runs(FINETUNE)[:MOST_LOOKED_AT]))


def _points(summary: RunSummary, runs: Iterable[RunFolder]) -> Iterable[Point]:
    own = _plain(summary.settings)
    for run in runs:
        settings = run.config()["settings"]
        if settings.get("data") != summary.data or not settings.get("labels_per_class") or _plain(settings) != own:
            continue
        other = summarise(run)
        images = other.start_event.get("train_images")
        if other.best_val_accuracy is not None and other.epochs_run and isinstance(images, int):
            yield Point(images, other.best_val_accuracy)


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in same_settings(settings).items() if name not in _MAY_DIFFER}
