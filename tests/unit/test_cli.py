"""The command line: one JSON object, exit status 0 or 2, one line for a mistake."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image
from safetensors import safe_open

from tlviz.cli import main
from tlviz.cli.commands import app
from tlviz.finetune.config import configure
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.store.folder import create_run, find_run, list_runs


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    status = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out) if captured.out else {}, captured.err


def test_models_and_datasets(capsys: pytest.CaptureFixture[str]) -> None:
    status, listed, _ = call(capsys, "models")
    assert status == 0
    wanted = {
        "name": "squeezenet1_1",
        "provider": "torchvision",
        "bundled": True,
        "downloaded": False,
        "parameters": 1235496,
        "input_size": 224,
        "title": "SqueezeNet 1.1",
        "accuracy": None,
    }
    assert {name: listed["models"][0][name] for name in wanted} == wanted
    assert len(listed["models"]) > 1900
    _, shown, _ = call(capsys, "models", "show", "squeezenet1_1")
    assert shown["stages"][1] == {"name": "fire2", "parameters": 11408, "channels": 128, "reduction": 4}
    _, listed, _ = call(capsys, "datasets")
    assert [(row["name"], row["classes"], row["images"]) for row in listed["datasets"][:4]] == [
        ("photos", 6, 171),
        ("clipart", 7, 362),
        ("digits", 10, 1797),
        ("cifar10", 10, 60000),
    ]
    assert [row["bundled"] for row in listed["datasets"]] == [True] * 3 + [False] * 8
    assert not any(row["downloaded"] for row in listed["datasets"])
    _, checked, _ = call(capsys, "datasets", "check", "photos")
    assert (checked["images"], len(checked["classes"]), checked["problems"]) == (171, 6, [])


def test_models_are_searched_and_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    _, found, _ = call(capsys, "models", "--search", "ConvNeXt TINY 22k", "--provider", "timm")
    assert {row["name"] for row in found["models"]} >= {"convnext_tiny.fb_in22k", "convnext_tiny.fb_in22k_ft_in1k"}
    _, found, _ = call(capsys, "models", "--max-parameters", "1300000", "--provider", "torchvision")
    assert {row["name"] for row in found["models"]} == {
        "squeezenet1_1",
        "squeezenet1_1.imagenet1k_v1",
        "squeezenet1_0",
    }
    _, found, _ = call(capsys, "models", "--bundled")
    assert [row["name"] for row in found["models"]] == ["squeezenet1_1", "tf_efficientnet_lite0"]
    _, found, _ = call(capsys, "models", "--downloaded")
    assert found["models"] == []
    main(["models"])
    printed = capsys.readouterr().out
    assert "1,886 more: narrow it" in printed
    assert len(printed.splitlines()) < 60


def test_finetune_runs_and_export(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["--model", "squeezenet1_1", "--data", "photos", "--strategy", "head_only"]
    status, run, told = call(capsys, "finetune", *arguments, "--epochs", "2", "--image-size", "96")
    assert status == 0, told
    assert run["status"] == "finished"
    assert run["best_val_accuracy"] > 0.5
    assert (run["trainable_parameters"], run["frozen_parameters"]) == (512 * 6 + 6, 722496)
    assert (run["epochs_run"], run["test_accuracy"], run["device"]) == (2, None, "cpu")
    assert run["duration_s"] > 0 < run["images_per_s"]
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
    assert exported["checks"] == {
        name: {"top1_agreement": 1.0, "max_logit_difference": 0.0} for name in ("safetensors", "pt")
    }
    with safe_open(exported["files"]["safetensors"], "pt") as file:
        assert json.loads(file.metadata()["classes"])[0] == "bird"

    status, deleted, _ = call(capsys, "runs", "delete", run["run"])
    assert deleted["deleted"]
    assert call(capsys, "runs")[1] == {"runs": []}


def test_a_run_in_words_tells_every_phase_with_its_rates_and_the_most_changed_stage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run = create_run("finetune", "x", configure("squeezenet1_1", "photos", "two_phase", epochs=2).to_json())
    head = {"stage": "head", "parameters": 5, "lr": 1e-3, "weight_decay": 0.01}
    later = [head | {"stage": stage, "lr": 5e-5} for stage in ("stem", "fire2")]
    similarity = {"stem": 1.0, "fire2": 0.75, "fire3": None}
    events = [
        {"event": "started", "frozen": ["stem", "fire2"], "groups": [head], "switches": [2], "note": "Kept in memory."},
        {"event": "unfrozen", "epoch": 2, "frozen": [], "groups": [*later, head], "trainable_parameters": 15},
        {"event": "gauged", "moment": "best", "epoch": 2, "source_agreement": 0.5, "similarity": similarity},
        {"event": "finished", "status": "failed", "error": "The disk is full."},
    ]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event | {"time": 1.0}) + "\n" for event in events))
    assert main(["runs", "show", run.name]) == 0
    printed = capsys.readouterr().out
    assert "The disk is full." in printed
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    assert rows == [
        ["1", "stem, fire2", "head at 0.001", "", "Kept in memory."],
        ["2", "", "stem, fire2 at 5e-05; head at 0.001", "15", ""],
        ["best", "2", "0.5", "fire2", "0.75"],
    ]
    _, shown, _ = call(capsys, "runs", "show", run.name)
    assert (shown["switches"], shown["gauges"][0]["similarity"]) == ([2], similarity)


def test_a_profile_has_the_promised_keys_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("profile", "--model", "squeezenet1_1", "--data", "photos", "--image-size", "64", "--limit", "60")
    status, found, told = call(capsys, *arguments)
    assert status == 0, told
    keys = {"name", "probe", "probe_se", "random_probe", "knn", "transrate", "cka_to_random", "shift", "kid"}
    assert all(stage.keys() >= keys for stage in found["stages"])
    assert [stage["name"] for stage in found["stages"]] == ["stem", *(f"fire{at}" for at in range(2, 10))]
    advice = {"freeze", "strategy", "head_lr", "backbone_lr", "confidence", "candidates", "reasons"}
    assert found["advice"].keys() >= advice
    assert (found["model"], found["data"], found["images"]) == ("squeezenet1_1", "photos", 60)
    assert found["duration_s"] > found["forward_s"] > 0
    assert main([*arguments]) == 0
    printed = capsys.readouterr().out
    assert "fire9" in printed
    assert "Advice (confidence" in printed


def test_a_range_test_suggests_rates_for_the_settings_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--model", "squeezenet1_1", "--data", "photos", "--image-size", "64", "--batch-size", "16")
    status, found, told = call(capsys, "find-rate", *arguments, "--strategy", "full", "--threads", "1")
    assert status == 0, told
    assert "trying learning rates" in told
    assert len(found["rates"]) == len(found["losses"]) > 20
    assert 1e-6 < found["suggested"] < 10
    assert found["suggested_backbone"] == pytest.approx(found["suggested"] / 10)
    assert (found["phases"], found["with_backbone"]) == (1, True)
    assert found["duration_s"] > 0
    assert find_run(found["run"]).config()["settings"]["threads"] == 1
    assert main(["find-rate", *arguments, "--strategy", "two_phase", "--epochs", "4"]) == 0
    printed = capsys.readouterr().out
    assert "in the first phase, the only one that was tested: --head-lr" in printed
    assert "--backbone-lr" not in printed
    assert call(capsys, "runs")[1] == {"runs": []}


def test_a_range_test_that_fails_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--model", "squeezenet1_1", "--data", "photos", "--strategy", "full", "--tune", "lora")
    status, found, told = call(capsys, "find-rate", *arguments)
    assert (status, found) == (2, {})
    assert told.splitlines()[-1].startswith("tlviz: LoRA needs attention")


def test_the_range_test_takes_every_option_of_a_run_and_both_explain_the_strategies() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = [[option.opts for option in commands[name].params] for name in ("find-rate", "finetune")]
    assert options[0] == options[1]
    assert ["--threads"] in options[0]
    for name in ("finetune", "find-rate", "race"):
        assert all(strategy.sentence in commands[name].epilog for strategy in STRATEGIES.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("models show resnet", "There is no network called 'resnet'"),
        ("models show resnet5", "try one of: resnet50, resnet152, resnet34."),
        ("models show nowhere.safetensors", "cannot be read"),
        ("models --provider keras", "'--provider'"),
        ("models download squeezenet", "There is no network called 'squeezenet'"),
        ("models delete squeezenet1_1", "ships with the program"),
        ("models delete resnet50", "not downloaded"),
        ("models import /nowhere.pt --architecture resnet50 --name x", "cannot be read"),
        ("finetune --model resnet50 --data clipart --strategy full", "tlviz models download resnet50"),
        ("profile --model resnet50 --data clipart", "tlviz models download resnet50"),
        ("profile --model squeezenet1_1 --data cliparts", "try one of: clipart"),
        ("profile --model squeezenet1_1 --data clipart --image-size 5", "image size is 5; it must be between 32"),
        ("profile --model squeezenet1_1 --data clipart --limit 2", "limit is 2; it must be between 20"),
        ("datasets check /nowhere/at/all", "The folder /nowhere/at/all does not exist"),
        ("datasets check cliparts", "There is no target or folder called 'cliparts'; try one of: clipart"),
        ("datasets download cifar", "There is no public dataset called 'cifar'; try one of: cifar10"),
        ("datasets import /nowhere.zip", "The archive /nowhere.zip does not exist"),
        ("datasets import README.md", "is not named like an archive"),
        ("finetune --model squeezenet1_1 --data pets --strategy full", "tlviz datasets download pets"),
        ("runs show none", "There is no run called 'none'"),
        ("export none --to /tmp/x", "There is no run called 'none'"),
        ("finetune --model squeezenet1_1 --data clipart --strategy half", "There is no strategy called 'half'"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --head-lr 0", "head rate is 0"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --head-lr=-1", "head rate is -1"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --backbone-lr 1e6", "is 1e+06; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --epochs 0", "epochs is 0; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --epochs x", "'--epochs'"),
        ("finetune --model squeezenet1_1 --strategy full", "--data"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --optimizer adagrad", "'--optimizer'"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --freeze 10", "freeze is 10; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --device cuda", "shows no such GPU"),
        (
            "finetune --model squeezenet1_1 --data clipart --strategy full --frozen stem,fire0",
            "no stage called 'fire0'",
        ),
        (
            "finetune --model squeezenet1_1 --data clipart --strategy full --unfreeze 3",
            "unfreeze holds '3'; write EPOCH:DEPTH",
        ),
        ("finetune --data clipart --thaw 3", "unfreeze holds '3'; write EPOCH:DEPTH"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --ema 1", "ema is 1; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --threads 0", "threads is 0; it must be"),
        ("find-rate --model squeezenet1_1 --data clipart --strategy half", "There is no strategy called 'half'"),
        ("find-rate --model squeezenet1_1 --data clipart --strategy full --freeze 10", "freeze is 10; it must be"),
        ("find-rate --model squeezenet1_1 --strategy full", "--data"),
        ("find-rate --model resnet50 --data clipart --strategy full", "tlviz models download resnet50"),
        ("runs resume none", "There is no run called 'none'"),
        ("frobnicate", "frobnicate"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(
    capsys: pytest.CaptureFixture[str], arguments: str, words: str
) -> None:
    assert main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert list_runs() == []
    assert len(captured.err.strip().splitlines()) == 1
    assert words in captured.err


def test_a_folder_with_nothing_in_it_starts_no_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, told = call(
        capsys, "finetune", "--model", "squeezenet1_1", "--data", str(tmp_path), "--strategy", "full"
    )
    assert status == 2
    assert "holds no pictures" in told
    assert call(capsys, "runs")[1] == {"runs": []}


def test_names_are_shown_as_they_are_and_json_is_ascii(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("cat [red] x", "chien é"):
        (tmp_path / name).mkdir()
        for at in range(2):
            Image.new("RGB", (8, 8)).save(tmp_path / name / f"{at}.png")
    (tmp_path / "[bold]empty").mkdir()
    _, checked, _ = call(capsys, "datasets", "check", str(tmp_path))
    assert checked["classes"] == ["cat [red] x", "chien é"]
    main(["datasets", "check", str(tmp_path)])
    assert "[bold]empty" in "".join(capsys.readouterr().out.split())


def test_an_archive_is_imported_listed_and_trained_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two colours.zip", "w") as file:
        for at in range(6):
            for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
                Image.new("RGB", (8, 8), colour).save(tmp_path / "x.png")
                file.write(tmp_path / "x.png", f"{name}/{at}.png")
        file.writestr("../evil.png", b"")
    status, imported, _ = call(capsys, "datasets", "import", str(tmp_path / "two colours.zip"))
    assert (status, imported["classes"], imported["images"]) == (0, 2, 12)
    assert [problem["problem"] for problem in imported["problems"]] == ["its path leads out of the archive"]
    _, listed, _ = call(capsys, "datasets")
    assert listed["datasets"][-1]["name"] == imported["name"]
    assert (listed["datasets"][-1]["bundled"], listed["datasets"][-1]["downloaded"]) == (False, True)
    status, run, told = call(
        capsys,
        *("finetune", "--model", "squeezenet1_1", "--data", imported["name"], "--strategy", "head_only"),
        *("--epochs", "1", "--image-size", "64"),
    )
    assert status == 0, told
    _, shown, _ = call(capsys, "runs", "show", run["run"])
    assert shown["config"]["data"] == imported["folder"]


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
