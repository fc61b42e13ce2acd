"""The four steps say what is done for a source and a target: each sentence from its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profiles import made_profile
from tlviz.diagnose.records import Confidence
from tlviz.explore.looked import note_look
from tlviz.runs.notes import Notes
from tlviz.runs.overview import RunRow
from tlviz.runs.store.heartbeat import Status
from tlviz.ui.overview.steps import export_step, find_steps, look_step, measure_step, next_step, race_step


def row(
    accuracy: float | None, status: Status = Status.FINISHED, strategy: str = "head_only", name: str = ""
) -> RunRow:
    return RunRow(
        run="20260101-1200", kind="finetune", status=status, model="squeezenet1_1", data="clipart", strategy=strategy,
        epochs_run=3, best_epoch=2, best_val_accuracy=accuracy, test_accuracy=None, duration_s=3.0,
        trainable_parameters=5, started=0.0, error=None, seed=0, image_size=64,
        freeze=None, has_weights=True, size=9, notes=Notes(name=name),
    )  # fmt: skip


def test_nothing_is_done_at_first() -> None:
    for data in ("clipart", None):
        assert [(step.name, step.is_done) for step in find_steps("squeezenet1_1", data)] == [
            ("Look", False),
            ("Measure", False),
            ("Race", False),
            ("Export", False),
        ]


def test_a_look_counts_for_its_own_network() -> None:
    note_look("squeezenet1_1", "clipart")
    assert find_steps("squeezenet1_1", "clipart")[0] == look_step(True)
    assert not find_steps("tf_efficientnet_lite0", "clipart")[0].is_done


@pytest.mark.parametrize(
    ("freeze", "confidence", "words"),
    [
        (2, Confidence.HIGH, "advice: freeze up to body."),
        (0, Confidence.LOW, "advice: freeze nothing."),
        (3, Confidence.HIGH, "advice: train the new head only."),
        (2, Confidence.NONE, "no advice can be relied on yet."),
    ],
)
def test_what_was_measured_in_words(freeze: int, confidence: Confidence, words: str) -> None:
    profile = made_profile(freeze=freeze)
    step = measure_step(replace(profile, advice=replace(profile.advice, confidence=confidence)))
    assert step.is_done
    assert step.sentence == f"The features of body tell the classes apart best (80%); {words}"


@pytest.mark.parametrize(
    ("rows", "is_done", "words"),
    [
        ([row(0.5), row(0.91, strategy="full")], True, "2 runs; the best reaches 91% (Full)."),
        ([row(0.5, Status.STOPPED, name="my [run]")], True, "1 run; the best reaches 50% (my \\[run\\]). Race"),
        ([row(0.5), row(None, Status.RUNNING)], True, "1 run; the best reaches 50% (Head only). 1 more is going on."),
        ([row(0.5), *[row(0.9, Status.RUNNING)] * 2], True, "(Head only). 2 more are going on."),
        ([row(0.5, Status.RUNNING)], False, "1 run is going on; none has finished yet."),
        ([row(None, Status.QUEUED)] * 2, False, "2 runs are going on; none has finished yet."),
        ([row(None, Status.FAILED)], False, "Freeze what helps"),
        ([], False, "Freeze what helps"),
    ],
)
def test_what_runs_reached_in_words(rows: list[RunRow], is_done: bool, words: str) -> None:
    step = race_step(rows)
    assert (step.is_done, words in step.sentence) == (is_done, True), step.sentence


def test_the_export_is_of_the_best_run() -> None:
    worse, best = row(0.5), replace(row(0.9, strategy="full"), run="20260102-1200")
    assert export_step([], ()).link == "Export"
    step = export_step([worse, best], ())
    assert (step.is_done, step.sentence) == (False, "Take Full home, checked against the original.")
    step = export_step([worse, best], {best.run})
    assert (step.is_done, step.sentence) == (True, "Exported and checked: Full.")
    step = export_step([worse, best], {worse.run})
    assert step.sentence == "Exported and checked: Head only. The best run is not among them yet."
    assert not export_step([replace(worse, has_weights=False)], ()).is_done


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    steps = find_steps("squeezenet1_1", "clipart")
    assert next_step(steps) == 0
    assert next_step([look_step(True), *steps[1:]]) == 1
    assert next_step([look_step(True), race_step([row(0.5)])]) is None
