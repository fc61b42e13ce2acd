"""The layer profile on the command line."""

from __future__ import annotations

import pytest

from tests.unit.cli.called import call
from tlviz.cli import main


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
