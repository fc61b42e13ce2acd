"""A run from its start to its deletion on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from tests.unit.cli.called import call


def test_finetune_runs_and_export(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["--model", "squeezenet1_1", "--data", "photos", "--strategy", "head_only"]
    status, run, told = call(capsys, "finetune", *arguments, "--epochs", "2", "--image-size", "96")
    assert status == 0, told
    assert run["status"] == "finished"
    assert run["best_val_accuracy"] > 0.5
    assert (run["trainable_parameters"], run["frozen_parameters"]) == (512 * 6 + 6, 722496)
    assert (run["epochs_run"], run["test_accuracy"], run["device"]) == (2, None, "cpu")
    assert run["duration_s"] > 0 < run["images_per_s"]
    assert 0.3 < run["val_accuracy_without_choice"] <= run["best_val_accuracy"] + 0.01
    assert (run["left_out"], run["left_out_count"], run["problems"]) == ([], 0, [])
    assert "epoch 2: validation accuracy" in told

    _, listed, _ = call(capsys, "runs")
    assert [(row["run"], row["status"], row["data"]) for row in listed["runs"]] == [(run["run"], "finished", "photos")]
    _, shown, _ = call(capsys, "runs", "show", run["run"])
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [0, 1, 2]
    assert shown["config"]["image_size"] == 96
    assert shown["switches"] == []
    [phase] = shown["phases"]
    assert (phase["from_epoch"], phase["frozen"]) == (1, ["stem", *(f"fire{at}" for at in range(2, 10))])
    assert [(row["stage"], row["parameters"], row["lr"]) for row in phase["groups"]] == [
        *(("head", 512 * 6, 1e-3), ("head", 6, 1e-3))
    ]
    assert "run once for each picture" in phase["note"]
    assert [(reading["moment"], reading["source_agreement"]) for reading in shown["gauges"]] == [
        *(("start", 1.0), ("end", 1.0), ("best", 1.0))
    ]

    status, exported, _ = call(
        capsys, "export", run["run"], "--to", str(tmp_path / "out"), "--formats", "safetensors,pt"
    )
    assert status == 0
    assert list(exported["checks"]) == ["safetensors", "pt"]
    for check in exported["checks"].values():
        assert (check["status"], check["top1_agreement"], check["max_logit_difference"]) == ("passed", 1.0, 0.0)
        assert (check["accuracy"], check["images"]) == (check["run_accuracy"], 35)
        assert check["accuracy"] == pytest.approx(run["best_val_accuracy"])
    assert exported["ready"]
    with safe_open(exported["files"]["safetensors"], "pt") as file:
        assert json.loads(file.metadata()["classes"])[0] == "bird"

    status, deleted, _ = call(capsys, "runs", "delete", run["run"])
    assert deleted["deleted"]
    assert call(capsys, "runs")[1] == {"runs": [], "left_out": []}
