"""What a run said of each image reconciles with the accuracy it reports, to the image."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tlviz.finetune.config import configure
from tlviz.measures.accuracy import accuracy
from tlviz.measures.confusion import confusion_matrix
from tlviz.runs.compare import change
from tlviz.runs.launch import start_answers, start_finetune
from tlviz.runs.predictions import FILE, TEST, VALIDATION, Answers, are_answered, read_answers, write_answers
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of two classes that cannot be told apart, so that some answers are wrong."""
    root = tmp_path_factory.mktemp("target")
    generator = np.random.default_rng(0)
    for name in ("one", "other"):
        (root / name).mkdir()
        for at in range(30):
            pixels = generator.integers(0, 255, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{at}.png")
    return root


def wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "waited too long"
        time.sleep(0.05)


def trained(folder: Path, **chosen: object) -> RunFolder:
    settings = {"epochs": 2, "image_size": 64, "test_share": 0.2} | chosen
    run = start_finetune(configure("squeezenet1_1", str(folder), "head_only", **settings))
    wait(lambda: run.status().is_over)
    assert run.status() is Status.FINISHED, summarise(run).error
    return run


def asked_again(run: RunFolder, part: str) -> RunFolder:
    job = start_answers(run, part)
    wait(lambda: job.status().is_over)
    return job


def test_answers_reconcile_with_the_reported_accuracy_and_can_be_asked_again(folder: Path) -> None:
    run = trained(folder)
    summary = summarise(run)
    kept = read_answers(run, summary.best_epoch)
    assert kept is not None
    assert len(kept.names) == summary.start_event["validation_images"]
    assert accuracy(torch.from_numpy(kept.logits), torch.from_numpy(kept.labels)) == summary.best_val_accuracy
    matrix = confusion_matrix(kept.labels, kept.guesses, 2)
    assert np.trace(matrix) == kept.right.sum() == round(summary.best_val_accuracy * len(kept.names))
    assert are_answered(summary, kept)
    same = change(kept, kept)
    assert (len(same.fixed), len(same.broken)) == (0, 0)
    assert len(same.both_right) == kept.right.sum()

    (run.path / FILE).unlink()
    job = asked_again(run, VALIDATION)
    assert job.status() is Status.FINISHED, job.events()
    again = read_answers(run, summary.best_epoch)
    assert again is not None
    assert again.names == kept.names
    assert np.array_equal(again.guesses, kept.guesses)
    assert np.abs(again.logits - kept.logits).max() < 1e-4

    job = asked_again(run, TEST)
    assert "already evaluated on its test images" in job.events()[-1]["error"]


def test_a_run_that_ended_early_is_tested_once_later(folder: Path) -> None:
    run = trained(folder)
    reported = summarise(run).test_accuracy
    events = run.events()
    lines = (run.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    (run.path / "events.jsonl").write_text("\n".join(lines[: len(events) - 1]) + "\n", encoding="utf-8")
    assert summarise(run).test_accuracy is None
    job = asked_again(run, TEST)
    assert job.status() is Status.FINISHED, job.events()
    assert summarise(run).test_accuracy == pytest.approx(reported)
    assert asked_again(run, TEST).status() is Status.FAILED


def test_a_run_whose_pictures_are_gone_says_so(folder: Path, tmp_path: Path) -> None:
    moving = tmp_path / "moving"
    shutil.copytree(folder, moving)
    run = trained(moving)
    moving.rename(tmp_path / "moved")
    assert f"The folder {moving} does not exist" in asked_again(run, VALIDATION).events()[-1]["error"]


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
