"""The next steps of runs written by hand: what their folders, runs like them and their answers say."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.unit.runs.made_races import hits, write_member
from tlviz.cli.commands import main
from tlviz.errors import BadSettingError
from tlviz.finetune.config import configure
from tlviz.runs.next_of_run import config_of, next_steps, start_step
from tlviz.runs.next_steps import NextStep
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.store.folder import RunFolder


def made(rights: int = 60, **settings: Any) -> RunFolder:
    config = configure("squeezenet1_1", "clipart", "full", epochs=2, image_size=96, **settings)
    return write_member("full", config.to_json(), [hits(10, 100), hits(40, 100), hits(rights, 100)])


def test_a_run_on_small_pictures_is_offered_larger_ones_and_a_learning_curve() -> None:
    run = made()
    found = next_steps(run)
    assert [step.button for step in found] == ["Try 128 pixels", "Draw the learning curve"]
    assert config_of(run, found[0].runs[0][1]).image_size == 128


def test_confused_classes_come_from_the_answers() -> None:
    run = made()
    labels = np.arange(100) % 3
    logits = np.eye(3, dtype=np.float32)[np.where(np.arange(100) < 40, (labels == 0) * 1, labels)]
    write_answers(run, Answers(2, ("a", "b", "c"), tuple(map(str, range(100))), labels.astype(np.int64), logits))
    assert any("errors are between" in step.words for step in next_steps(run))


def test_a_perfect_run_and_one_without_an_epoch_have_no_next_step() -> None:
    assert next_steps(made(100)) == []


def test_what_is_to_be_looked_at_starts_nothing() -> None:
    with pytest.raises(BadSettingError, match="starts nothing"):
        start_step(made(), NextStep("Look.", 0.1, "Look", page="target"))


def test_the_command_says_what_would_try_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "next", made().name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "--image-size 128" in told["steps"][0]["commands"][0]
    assert main(["runs", "next", made(100).name]) == 0
    assert "Nothing stands out" in capsys.readouterr().out
