"""The answers shown are the surest ones, from each class in turn."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.runs.predictions import Answers
from tlviz.runs.telling import telling_answers


def answers(rows: list[tuple[int, int, float]]) -> Answers:
    """Return answers of which each row is a label, a guess and the lead of its logit."""
    logits = np.zeros((len(rows), 3), dtype=np.float32)
    for at, (_, guess, lead) in enumerate(rows):
        logits[at, guess] = lead
    labels = np.array([label for label, _, _ in rows], dtype=np.int64)
    names = tuple(f"{at}.png" for at in range(len(rows)))
    return Answers(1, ("cat", "dog", "emu"), names, labels, logits)


def test_the_surest_of_each_class_come_first() -> None:
    held = answers([(0, 0, 9.0), (0, 0, 8.0), (1, 1, 2.0), (0, 0, 7.0), (2, 0, 1.0), (1, 0, 5.0), (1, 2, 6.0)])
    right, wrong = telling_answers(held, count=3)
    assert [one.name for one in right] == ["0.png", "2.png", "1.png"]
    assert [(one.name, one.truth, one.answer) for one in wrong] == [
        ("6.png", "dog", "emu"), ("4.png", "emu", "cat"), ("5.png", "dog", "cat"),
    ]  # fmt: skip
    assert right[0].confidence == pytest.approx(np.exp(9) / (np.exp(9) + 2))


def test_where_all_are_right_none_is_wrong() -> None:
    right, wrong = telling_answers(answers([(0, 0, 1.0)]))
    assert (len(right), wrong) == (1, [])
