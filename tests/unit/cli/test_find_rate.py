"""The learning-rate range test on the command line."""

from __future__ import annotations

import pytest
import typer

from tests.unit.cli.called import call
from tlviz.cli import main
from tlviz.cli.commands import make_app
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.store.folder import find_run


def test_a_range_test_suggests_rates_for_the_settings_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--model", "squeezenet1_1", "--data", "photos", "--image-size", "64", "--batch-size", "4")
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
    assert call(capsys, "runs")[1] == {"runs": [], "left_out": []}


def test_a_range_test_that_fails_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--model", "squeezenet1_1", "--data", "photos", "--strategy", "full", "--tune", "lora")
    status, found, told = call(capsys, "find-rate", *arguments)
    assert (status, found) == (2, {})
    assert told.splitlines()[-1].startswith("tlviz: LoRA needs attention")


ELSEWHERE = [
    [f"--{name}"]
    for name in ("launcher", "partition", "account", "time", "memory-gb", "gpus", "cpus", "array-size", "sbatch")
]
"""Options that say where a run is executed; a range test is executed here."""


def test_the_range_test_takes_every_option_of_a_run_and_both_explain_the_strategies() -> None:
    commands = typer.main.get_command(make_app()).commands  # type: ignore[attr-defined]
    options = [[option.opts for option in commands[name].params] for name in ("find-rate", "finetune")]
    assert options[0] == [words for words in options[1] if words not in ELSEWHERE]
    assert all(words in options[1] for words in ELSEWHERE)
    assert ["--threads"] in options[0]
    for name in ("finetune", "find-rate", "race"):
        assert all(strategy.sentence in commands[name].epilog for strategy in STRATEGIES.values())
