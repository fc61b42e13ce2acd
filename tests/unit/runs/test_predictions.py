"""What a run said of each image is read back as it was, and only for its epoch."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.runs.compare import change
from tlviz.runs.predictions import FILE, Answers, read_answers, write_answers
from tlviz.runs.store.folder import create_run


def answers(epoch: int = 1) -> Answers:
    labels, logits = np.array([0, 1]), np.array([[1, 0], [1, 0]], dtype=np.float32)
    return Answers(epoch, ("a b", "ü"), ("x/1.png", "caf\udce9"), labels, logits)


def test_answers_are_read_back_as_they_were_and_only_for_their_epoch() -> None:
    run = create_run("finetune", "x", {})
    assert read_answers(run, 1) is None
    write_answers(run, answers())
    held = read_answers(run, 1)
    assert held is not None
    assert (held.classes, held.names) == (answers().classes, answers().names)
    assert held.right.tolist() == [True, False]
    assert read_answers(run, 2) is None, "other weights have been saved since"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive at all", b"\x93NUMPY"])
def test_damaged_answers_are_none(content: bytes) -> None:
    run = create_run("finetune", "x", {})
    (run.path / FILE).write_bytes(content)
    assert read_answers(run, 1) is None


def test_answers_that_do_not_fit_together_are_none() -> None:
    run = create_run("finetune", "x", {})
    held = answers()
    write_answers(run, Answers(1, held.classes, held.names[:1], held.labels, held.logits))
    assert read_answers(run, 1) is None
    write_answers(run, Answers(1, held.classes, held.names, np.array([0, 9]), held.logits))
    assert read_answers(run, 1) is None


def test_common_images_only_are_compared() -> None:
    first = answers()
    second = Answers(1, first.classes, ("other", "x/1.png"), np.array([1, 0]), np.array([[0, 1], [0, 1]], np.float32))
    found = change(first, second)
    assert (found.first.tolist(), found.second.tolist()) == ([0], [1])
    assert (found.fixed.tolist(), found.broken.tolist(), found.both_wrong.tolist()) == ([], [0], [])
