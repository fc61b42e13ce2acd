"""Each branch of what to do next, with its numbers."""

from __future__ import annotations

import numpy as np

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


def test_more_pictures_help_where_the_curve_still_rises() -> None:
    points = [Point(100, 0.6), Point(200, 0.7)]
    found = more_data(points, 400, 0.775, 5000, 4)
    assert found
    assert found.words.startswith("More pictures would help. From 100 to 400 training pictures")
    assert "60.0% to 77.5%; with 800 expect 83." in found.words
    assert 0.04 < found.gain < 0.08


def test_more_pictures_may_bring_nothing_where_it_is_flat() -> None:
    found = more_data([Point(100, 0.8), Point(200, 0.8)], 400, 0.8, 100, 4)
    assert found
    assert found.words.endswith("That may be no gain at all.")
    assert found.gain < 0.01


def test_without_runs_on_fewer_labels_a_learning_curve_is_offered() -> None:
    found = more_data([], 400, 0.8, 100, 4)
    assert found
    assert [change for _, change in found.runs] == [{"labels_per_class": 25}, {"labels_per_class": 50}, {}]
    assert more_data([], 6, 0.8, 100, 4) is None


def test_over_fitting_asks_for_more_augmentation_and_then_for_a_pull() -> None:
    found = over_fitting(0.99, 0.8, 200, {"augment": "none"})
    assert found
    assert "99.0% of the training pictures are right and 80.0% of the others, with no augmentation" in found.words
    assert found.runs[0][1] == {"augment": "light"}
    again = over_fitting(0.99, 0.8, 200, {"augment": "light"})
    assert again
    assert again.runs[0][1] == {"augment": "strong"}
    last = over_fitting(0.99, 0.8, 200, {"augment": "strong", "weight_decay": 0.02})
    assert last
    assert last.runs[0][1]["weight_decay"] == 0.1
    assert over_fitting(0.82, 0.8, 200, {}) is None
    assert over_fitting(0.99, 0.85, 10, {}) is None, "ten images may be off by that much"


def test_small_pictures_ask_for_larger_ones() -> None:
    found = picture_size(96, 224, 128, 0.3)
    assert found
    assert "96 pixels a side, the network was made for 224: 18% of the area" in found.words
    assert found.runs[0][1] == {"image_size": 128}
    assert picture_size(224, 224, None, 0.3) is None


def test_doubtful_labels_are_counted() -> None:
    found = wrong_labels(10, 200, 0.3)
    assert found
    assert "10 of 200 pictures (5.0%)" in found.words
    assert found.page == "target"
    assert wrong_labels(2, 200, 0.3) is None


def test_a_class_pair_that_is_taken_for_one_another_is_named() -> None:
    labels = np.repeat([0, 1, 2], 20)
    guesses = labels.copy()
    guesses[:5], guesses[20:23], guesses[40] = 1, 0, 0
    found = class_pair(labels, guesses, ("cat", "dog", "bird"))
    assert found
    assert found.words.startswith("8 of its 9 errors are between cat and dog")
    assert "13.3 points" in found.words
    assert class_pair(labels, labels, ("cat", "dog", "bird")) is None
    assert class_pair(labels % 2, guesses % 2, ("cat", "dog")) is None, "of two classes there is but one pair"


def test_a_run_that_still_gains_is_offered_more_epochs() -> None:
    epochs = [{"epoch": at, "val_accuracy": 0.1 * at} for at in range(7)]
    found = longer(epochs, 6, 400)
    assert found
    assert found.runs[0][1] == {"epochs": 12}
    assert "20.0 points in the last 2 of 6 epochs" in found.words
    assert longer(epochs, 10, 400) is None, "it ended early"
    assert longer([{"epoch": at, "val_accuracy": 0.5} for at in range(7)], 6, 400) is None


def test_the_largest_gains_are_said_and_nothing_where_nothing_is_wrong() -> None:
    steps = [NextStep(str(gain), gain, "") for gain in (0.02, 0.1, 0.005, 0.3, 0.04)]
    assert [step.gain for step in choose_steps([*steps, None], 0.4)] == [0.3, 0.1, 0.04]
    assert choose_steps(steps, 0.0) == []
