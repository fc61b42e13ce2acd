"""What the choice of the best epoch adds, and the words for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.runs.made_races import hits, write_race
from tlviz.measures.best_of import accuracy_without_choice
from tlviz.measures.paired import pack_hits
from tlviz.runs.chosen_epoch import choice_words, run_without_choice, without_choice
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import summarise


def test_it_is_what_the_hits_of_all_epochs_say() -> None:
    right = list(np.random.default_rng(0).random((6, 50)) < 0.7)
    epochs = [{"val_hits": pack_hits(epoch)} for epoch in right]
    assert without_choice(epochs, 50) == accuracy_without_choice(right)
    assert without_choice(epochs, 51) == accuracy_without_choice([np.append(r, False) for r in right])
    assert without_choice([*epochs, {}], 50) is None
    assert without_choice([{"val_hits": "none of it"}], 50) is None


def test_a_run_tells_it_unless_its_best_is_that_of_the_loss() -> None:
    write_race({("full", 0): [hits(20, 50), hits(40, 50), hits(38, 50, 3)]})
    summary = summarise(list_runs(FINETUNE)[0])
    told = run_without_choice(summary)
    assert told is not None
    assert told <= (summary.best_val_accuracy or 0)
    assert run_without_choice(replace(summary, settings=summary.settings | {"monitor": "loss"})) is None
    assert run_without_choice(replace(summary, start_event={})) is None


@pytest.mark.parametrize(
    ("accuracy", "without", "words"),
    [
        (0.9, None, "The best epoch is chosen on these images, so it looks better than it is."),
        (0.9, 0.9, "Choosing the best epoch on these images adds nothing to it here."),
        (0.9, 0.91, "Choosing the best epoch on these images adds nothing to it here."),
        (0.9, 0.871, "The best epoch is chosen on these images; without that choice expect about 87.1% on others."),
    ],
)
def test_the_words(accuracy: float, without: float | None, words: str) -> None:
    assert choice_words(accuracy, without) == words
