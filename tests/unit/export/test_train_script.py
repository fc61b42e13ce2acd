"""The script of a run is a whole program for every strategy and setting, and repeats the run epoch by epoch."""

from __future__ import annotations

import ast
import copy
import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.errors import BadSettingError
from tlviz.export import train_script as module
from tlviz.export.bundle import Bundle, read_header
from tlviz.export.run_images import RunImages, load_run_images
from tlviz.export.split_file import split_file
from tlviz.export.train_script import START, start_weights, train_script
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.finetune.strategies import STRATEGIES, find_strategy
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture, build_for_target
from tlviz.models.spec import ModelSpec
from tlviz.runs.store.folder import RunFolder

SQUEEZENET, LITE, VIT = "squeezenet1_1", "tf_efficientnet_lite0", "test_vit3.r160_in1k"
CASES: list[tuple[str, str, dict[str, Any]]] = [
    *((SQUEEZENET, strategy, {}) for strategy in STRATEGIES if strategy != "norm_only"),
    (LITE, "norm_only", {"schedule": "cosine", "warmup": 1}),
    (LITE, "two_phase", {"augment": "light", "batchnorm": "move", "warmup": 0.5}),
    (LITE, "two_phase", {"augment": "strong", "schedule": "one_cycle", "class_weights": "balanced"}),
    (LITE, "surgical", {"batchnorm": "train", "label_smoothing": 0.1, "test_share": 0.1}),
    (LITE, "last_stages", {"batchnorm": "reestimate", "dropout": 0.3, "augment": "light", "monitor": "loss"}),
    (SQUEEZENET, "gradual", {"mix": "cutmix", "ema": 0.9, "l2_sp": 0.1, "optimizer": "sgd", "fit": "crop"}),
    (SQUEEZENET, "last_stages", {"mix": "mixup", "accumulate": 2, "class_weights": "balanced"}),
    (SQUEEZENET, "head_only", {"accumulate": 3, "class_weights": "balanced", "value_range": "0:4095", "no_data": -1}),
]
OTHERS: list[tuple[str, str, dict[str, Any]]] = [
    (VIT, "full", {"tune": "lora", "lora_rank": 4}),
    ("resnet18", "discriminative", {"frozen": ("stem",), "dropout": 0.2}),
    ("vit_b_16", "last_stages", {"image_size": 64}),
]
"""Architectures that take a while to build for a single script."""


@cache
def built(spec: ModelSpec, class_count: int) -> Any:
    return architecture(spec, class_count)


@pytest.fixture(autouse=True)
def built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build each architecture once for all scripts: to find its stages takes longer than all the rest."""
    monkeypatch.setattr(module, "architecture", lambda *key: copy.deepcopy(built(*key)))


def script_of(images: ImageSet, model: str, strategy: str, **chosen: Any) -> str:
    data = chosen.pop("data", "clipart")
    config = configure(model, data, strategy, **({"image_size": 96, "epochs": 4} | chosen))
    spec = find_model(model)
    prep = config.geometry.to_json() | {"mean": spec.preprocessing.mean, "std": spec.preprocessing.std, "fill": "white"}
    header = Bundle(
        model, spec.provider, images.classes, json.loads(json.dumps(prep)), {"epoch": 2, "val_accuracy": 0.5}
    )
    split = split_images(images.labels, images.parts, 0, config.split_plan)
    return train_script(header, RunImages(images, split, config))


@pytest.mark.parametrize(
    ("model", "strategy", "chosen"), [*CASES, *(pytest.param(*case, marks=pytest.mark.slow) for case in OTHERS)]
)
def test_every_script_is_whole_short_and_without_dead_code(
    model: str, strategy: str, chosen: dict[str, Any], colours: ImageSet, tmp_path: Path
) -> None:
    """It compiles; no name in it is unknown, unused or imported for nothing; no line is too long to read."""
    text = script_of(colours, model, strategy, **chosen)
    compile(text, "train.py", "exec")
    assert "tlviz import" not in text
    assert "import tlviz" not in text
    assert "{{" not in text
    assert "{%" not in text
    assert len(text.splitlines()) <= (310 if chosen else 280 if strategy == "surgical" else 255)
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    rules = ["--isolated", "--line-length", "120", "--select", "E,F,B,W291,W293", "--ignore", "E402,B905"]
    ruff = [sys.executable, "-m", "ruff", "check", *rules, str(tmp_path / "train.py")]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for name in re.findall(r"^def (\w+)", text, re.MULTILINE):
        assert text.count(f"{name}(") > 1, f"{name} is never called"


def test_what_a_plain_script_cannot_repeat_is_refused(colours: ImageSet) -> None:
    with pytest.raises(BadSettingError, match="bands is"):
        script_of(colours, SQUEEZENET, "head_only", bands="4,3,2")
    with pytest.raises(BadSettingError, match="froze stages again"):
        script_of(colours, SQUEEZENET, "full", ema=0.9, augment="light", unfreeze="2:3,4:0", freeze=0, epochs=6)


def test_only_deep_pictures_that_pillow_reads_alone_are_repeated(colours: ImageSet, tmp_path: Path) -> None:
    """16 bits of grey are one line of arithmetic; 16-bit any-maps are rescaled by Pillow, which no script undoes."""
    for name in ("red", "green"):
        (tmp_path / "deep" / name).mkdir(parents=True)
        for at in range(2):
            values = np.full((8, 8), 4000 * at, np.uint16)
            Image.fromarray(values).save(tmp_path / "deep" / name / f"{at}.png")
    chosen = {"value_range": "0:4095", "data": str(tmp_path / "deep")}
    assert "4095" in script_of(colours, SQUEEZENET, "head_only", **chosen)
    (tmp_path / "deep" / "red" / "2.pgm").write_bytes(b"P5 2 2 4095\n" + bytes(8))
    with pytest.raises(BadSettingError, match=r"red/2\.pgm has over 8 bits a value"):
        script_of(colours, SQUEEZENET, "head_only", **chosen)


def test_odd_names_do_not_break_the_head_of_the_file(colours: ImageSet, tmp_path: Path) -> None:
    folder = tmp_path / 'a "b" \\N{x} """ 猫'
    config = configure(SQUEEZENET, str(folder), "head_only", image_size=96)
    header = Bundle(SQUEEZENET, "torchvision", colours.classes, {"interpolation": "bilinear", "crop_fraction": 1.0}, {})
    split = split_images(colours.labels, colours.parts, 0)
    program = ast.parse(train_script(header, RunImages(colours, split, config)))
    assert "猫" in str(ast.get_docstring(program))


def test_weights_that_cannot_be_downloaded_have_to_be_there(colours: ImageSet) -> None:
    config = configure(SQUEEZENET, "clipart", "full", image_size=96)
    assert start_weights(find_model(SQUEEZENET), config) == find_model(SQUEEZENET).weights
    assert START in script_of(colours, SQUEEZENET, "full")
    assert start_weights(find_model(SQUEEZENET), replace(config, strategy="from_scratch")) is None
    assert start_weights(find_model("resnet18"), config) is None
    assert find_model("resnet18").url in script_of(colours, "resnet18", "full")


def engine_losses(header: Bundle, here: RunImages, config: Any) -> list[tuple[float, float]]:
    """Train with the engine and return validation loss and accuracy of every epoch."""
    network = build_for_target(
        find_model(config.model),
        header.classes,
        pretrained=find_strategy(config.strategy).pretrained,
        seed=config.seed,
        size=config.image_size,
    )
    session = Session(network, here.images, here.split, config, torch.device("cpu"), lambda: False)
    return [(event.val_loss, event.val_accuracy) for event in train(State(session)) if isinstance(event, Epoch)]


def repeated(folder: Path, header: Bundle, here: RunImages) -> list[tuple[float, float]]:
    """Run the script where tlviz cannot be imported; return what it prints of every epoch."""
    split = split_file(here)
    (folder / "train.py").write_text(train_script(header, here), encoding="utf-8")
    (folder / "split.json").write_text(split.content, encoding="utf-8")
    start = start_weights(find_model(here.config.model), here.config)
    command = [sys.executable, "-I", "train.py", str(split.root), "--to", "again.safetensors"]
    command += ["--weights", str(start)] if start else []
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"validation loss ([\d.]+)  accuracy ([\d.]+)", done.stdout)
    return [(float(loss), float(accuracy)) for loss, accuracy in found]


def compare(run: RunFolder, folder: Path, model: str, strategy: str, **chosen: Any) -> None:
    header = read_header(run.weights)
    data = header.training["settings"]["data"]
    config = configure(model, data, strategy, **({"image_size": 64, "epochs": 2, "batch_size": 16} | chosen))
    spec = find_model(model).preprocessing
    prep = config.geometry.to_json() | {"mean": spec.mean, "std": spec.std, "fill": "white"}
    header = replace(
        header, model=model, preprocessing=json.loads(json.dumps(prep)), training={"settings": config.to_json()}
    )
    here = load_run_images(header)
    expected = engine_losses(header, here, config)
    found = repeated(folder, header, here)
    assert len(found) == len(expected) == config.epochs + 1
    for (loss, accuracy), (known_loss, known_accuracy) in zip(found, expected, strict=True):
        assert loss == pytest.approx(known_loss, abs=2e-3 + 0.01 * known_loss)
        assert accuracy == pytest.approx(known_accuracy, abs=1e-4)


def test_the_script_repeats_a_run(run: RunFolder, tmp_path: Path) -> None:
    """The head alone, with varied pictures, a schedule and weights of the classes; all else is below, and slow."""
    chosen = {"augment": "light", "schedule": "cosine", "label_smoothing": 0.1, "class_weights": "balanced"}
    compare(run, tmp_path, SQUEEZENET, "head_only", epochs=1, **chosen)
    with safe_open(tmp_path / "again.safetensors", "pt") as file:
        header = file.metadata()
    assert json.loads(header["classes"]) == ["blue", "red"]
    assert find_model(str(tmp_path / "again.safetensors")).classes == ("blue", "red"), "tlviz opens it as a source"


@pytest.mark.slow
def test_the_script_names_a_picture_that_is_not_there(run: RunFolder, tmp_path: Path) -> None:
    header = read_header(run.weights)
    here = load_run_images(header)
    (tmp_path / "train.py").write_text(train_script(header, here), encoding="utf-8")
    (tmp_path / "split.json").write_text(split_file(here).content, encoding="utf-8")
    elsewhere = [sys.executable, "-I", "train.py", str(tmp_path), "--weights", str(find_model(SQUEEZENET).weights)]
    done = subprocess.run(elsewhere, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "of the pictures in split.json are not below" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "strategy", "chosen"),
    [
        (SQUEEZENET, "head_only", {"augment": "strong", "views": 2}),
        (SQUEEZENET, "gradual", {"mix": "cutmix", "ema": 0.9, "l2_sp": 0.1, "optimizer": "sgd"}),
        (SQUEEZENET, "last_stages", {"mix": "mixup", "accumulate": 2, "class_weights": "balanced"}),
        (SQUEEZENET, "surgical", {"warmup": 0.5}),
        (SQUEEZENET, "two_phase", {"augment": "light", "schedule": "cosine"}),
        (SQUEEZENET, "full", {}),
        (SQUEEZENET, "from_scratch", {"optimizer": "sgd"}),
        (LITE, "two_phase", {"epochs": 3}),
        (LITE, "last_stages", {"batchnorm": "reestimate", "dropout": 0.3, "monitor": "loss"}),
        (LITE, "head_only", {"batchnorm": "train", "augment": "light"}),
        (LITE, "norm_only", {"schedule": "one_cycle"}),
        (LITE, "discriminative", {"batchnorm": "move", "fit": "crop"}),
    ],
)
def test_the_script_repeats_every_kind_of_run(
    model: str, strategy: str, chosen: dict[str, Any], run: RunFolder, tmp_path: Path
) -> None:
    compare(run, tmp_path, model, strategy, **chosen)
