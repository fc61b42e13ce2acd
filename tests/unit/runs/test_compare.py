"""What differs between runs, in numbers worked out by hand."""

from __future__ import annotations

import json

import numpy as np

from tlviz.runs.compare import change, differing_settings, feature_drift, pareto_front, weight_drift
from tlviz.runs.predictions import Answers
from tlviz.runs.store.folder import create_run
from tlviz.runs.summary import summarise

EPOCH = {"event": "epoch", "time": 1.0, "duration_s": 1.0, "images_per_s": 9.0, "val_loss": 1.0}


def test_only_settings_that_differ_are_told_and_a_missing_one_differs() -> None:
    runs = [{"epochs": 3, "seed": 0, "threads": 2}, {"epochs": 3, "seed": 1, "threads": 8, "ema": 0.9}]
    assert differing_settings(runs) == {"seed": [0, 1], "ema": [None, 0.9]}
    assert differing_settings([runs[0], runs[0]]) == {}


def test_drift_is_that_of_the_best_epoch() -> None:
    run = create_run("finetune", "x", {})
    epochs = [
        EPOCH | {"epoch": 0, "val_accuracy": 0.1},
        EPOCH | {"epoch": 1, "val_accuracy": 0.9, "weight_drift": {"stem": 0.0, "body": 0.25}},
        EPOCH | {"epoch": 2, "val_accuracy": 0.8, "weight_drift": {"stem": 0.0, "body": 0.5, "odd": None}},
    ]
    (run.path / "events.jsonl").write_text("".join(json.dumps(epoch) + "\n" for epoch in epochs))
    assert weight_drift(summarise(run)) == {"stem": 0.0, "body": 0.25}
    epochs[0]["val_accuracy"] = 1.0
    (run.path / "events.jsonl").write_text("".join(json.dumps(epoch) + "\n" for epoch in epochs))
    assert weight_drift(summarise(run)) == {"stem": 0.0, "body": 0.0}, "the starting weights are the best"


def test_feature_drift_is_what_is_missing_to_the_pretrained_features() -> None:
    events = [
        {"event": "gauged", "moment": "end", "similarity": {"stem": 0.1}},
        {"event": "gauged", "moment": "best", "similarity": {"stem": 1.0, "body": 0.75, "odd": None}},
    ]
    assert feature_drift(events) == {"stem": 0.0, "body": 0.25}
    assert feature_drift([]) == {}


def test_the_front_holds_what_nothing_beats_for_less() -> None:
    assert pareto_front([3, 1, 2, 2], [0.9, 0.5, 0.8, 0.7]) == [1, 2, 0]
    assert pareto_front([1, 2], [0.5, 0.5]) == [0]
    assert pareto_front([1, 1], [0.5, 0.5]) == [0]
    assert pareto_front([], []) == []


def test_images_that_changed_sides_are_told_apart() -> None:
    """By hand: a is broken, b fixed, c right and d wrong in both; e and f validate in one run only."""
    labels = np.zeros(5, np.int64)

    def answers(names: str, right: str) -> Answers:
        logits = np.array([[1, 0] if name in right else [0, 1] for name in names], np.float32)
        return Answers(1, ("yes", "no"), tuple(names), labels, logits)

    found = change(answers("eabcd", "eac"), answers("dcbaf", "bcf"))
    assert [found.first.tolist(), found.second.tolist()] == [[1, 2, 3, 4], [3, 2, 1, 0]]
    assert found.broken.tolist() == [0]
    assert found.fixed.tolist() == [1]
    assert found.both_right.tolist() == [2]
    assert found.both_wrong.tolist() == [3]
