"""Networks on the command line: listed, narrowed, shown."""

from __future__ import annotations

import pytest

from tests.unit.cli.called import call
from tlviz.cli import main


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
        "accuracy": 0.575,
    }
    assert {name: listed["models"][0][name] for name in wanted} == wanted
    assert len(listed["models"]) > 1900
    _, shown, _ = call(capsys, "models", "show", "squeezenet1_1")
    assert shown["stages"][1] == {"name": "fire2", "parameters": 11408, "channels": 128, "reduction": 4}
    _, listed, _ = call(capsys, "datasets")
    assert [(row["name"], row["classes"], row["images"]) for row in listed["datasets"][:7]] == [
        ("photos", 6, 171),
        ("clipart", 7, 362),
        ("digits", 10, 1797),
        ("reviews", 2, 2000),
        ("products", 2, 1600),
        ("definitions", 8, 2000),
        ("cifar10", 10, 60000),
    ]
    assert [row["bundled"] for row in listed["datasets"]] == [True] * 6 + [False] * 8
    assert not any(row["downloaded"] for row in listed["datasets"])
    _, checked, _ = call(capsys, "datasets", "check", "photos")
    assert (checked["images"], len(checked["classes"])) == (171, 6)
    assert {one["kind"] for one in checked["problems"]} == {"label suspect"}, "clean, but for what looks alike"
    assert len(checked["problems"]) <= 2


def test_models_are_searched_and_narrowed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _, found, _ = call(capsys, "models", "--search", "ConvNeXt TINY 22k", "--provider", "timm")
    assert {row["name"] for row in found["models"]} >= {"convnext_tiny.fb_in22k", "convnext_tiny.fb_in22k_ft_in1k"}
    _, found, _ = call(capsys, "models", "--max-parameters", "1300000", "--provider", "torchvision")
    assert {row["name"] for row in found["models"]} == {
        "squeezenet1_1",
        "squeezenet1_1.imagenet1k_v1",
        "squeezenet1_0",
    }
    _, found, _ = call(capsys, "models", "--bundled")
    assert [row["name"] for row in found["models"]] == ["squeezenet1_1", "tf_efficientnet_lite0", "all-MiniLM-L6-v2"]
    _, found, _ = call(capsys, "models", "--downloaded")
    assert found["models"] == []
    assert main(["models"]) == 0
    piped = capsys.readouterr().out.splitlines()
    assert len(piped) > 1900, "a pipe gets all"
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert "1,887 more: narrow it" in printed
    assert len(printed.splitlines()) < 60
