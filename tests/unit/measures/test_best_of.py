"""The best epoch, without the luck of having been chosen."""

import numpy as np
import pytest

from tlviz.measures.best_of import accuracy_without_choice


def test_one_epoch_owes_nothing_to_choice() -> None:
    hits = np.arange(200) < 150
    assert accuracy_without_choice([hits]) == pytest.approx(0.75, abs=0.01)
    assert accuracy_without_choice([hits] * 8) == accuracy_without_choice([hits])


def test_equal_epochs_are_worth_their_common_accuracy() -> None:
    """Eight epochs of the same 70%, chosen by chance: the best looks 4 points too good, its worth does not."""
    generator = np.random.default_rng(0)
    told, corrected = [], []
    for _ in range(60):
        hits = list(generator.random((8, 73)) < 0.7)
        told.append(max(epoch.mean() for epoch in hits))
        corrected.append(accuracy_without_choice(hits) or 0)
    assert np.mean(told) > 0.76
    assert np.mean(corrected) == pytest.approx(0.7, abs=0.015)


def test_an_epoch_that_is_truly_better_keeps_its_accuracy() -> None:
    generator = np.random.default_rng(1)
    hits = [generator.random(500) < share for share in (0.2, 0.5, 0.9)]
    assert accuracy_without_choice(hits) == pytest.approx(hits[2].mean(), abs=0.005)


def test_it_is_the_same_every_time_and_none_where_nothing_can_be_told() -> None:
    hits = list(np.random.default_rng(2).random((4, 30)) < 0.5)
    assert accuracy_without_choice(hits) == accuracy_without_choice(hits)
    assert accuracy_without_choice([]) is None
    assert accuracy_without_choice([np.array([True])]) is None
    assert accuracy_without_choice([np.ones(3, bool), np.ones(4, bool)]) is None
    assert accuracy_without_choice([np.ones(2, bool)] * 3) == 1
