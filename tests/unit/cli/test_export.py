"""A run's network as files, with the split it was trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.called import call
from tlviz.runs.store.folder import find_run


@pytest.mark.slow  # the command itself runs in `test_runs.py::test_finetune_runs_and_export`, in every run
def test_little_data_with_a_test_part_is_exported_with_the_same_split(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["--model", "squeezenet1_1", "--data", "photos", "--strategy", "head_only", "--epochs", "1"]
    options = ["--labels-per-class", "4", "--test-share", "0.2", "--folds", "3", "--fold", "1", "--flip", "no"]
    status, run, told = call(capsys, "finetune", *arguments, *options, "--image-size", "64")
    assert status == 0, told
    assert run["test_accuracy"] is not None
    started = find_run(run["run"]).events()[0]
    assert (started["train_images"], started["validation_images"], started["test_images"]) == (24, 45, 35)
    _, exported, _ = call(capsys, "export", run["run"], "--to", str(tmp_path / "out"))
    assert exported["checks"]["safetensors"]["top1_agreement"] == 1.0
