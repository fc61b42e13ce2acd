"""What a run is asked again reconciles with the accuracy it reports, to the image."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.workers import wait
from tlviz.finetune.config import configure
from tlviz.measures.accuracy import accuracy
from tlviz.measures.confusion import confusion_matrix
from tlviz.runs.compare import change
from tlviz.runs.launch import start_answers, start_finetune
from tlviz.runs.predictions import FILE, TEST, VALIDATION, are_answered, read_answers
from tlviz.runs.store.folder import RunFolder
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
