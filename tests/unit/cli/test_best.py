"""The search on the command line: what it refuses, and what it prints of a finding."""

from __future__ import annotations

import json

import pytest

from tests.unit.runs.best.test_found import SURE, search
from tlviz.cli.best import as_result
from tlviz.cli.commands import main
from tlviz.runs.best.found import read_best

KEYS = {
    "run", "strategy", "freeze", "head_lr", "backbone_lr", "accuracy", "interval", "estimated_on", "signal",
    "runners_up", "minutes",
}  # fmt: skip


@pytest.mark.parametrize("minutes", ["0", "10080"])
def test_a_budget_of_no_use_is_one_line(minutes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["best", "--data", "photos", "--minutes", minutes]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("tlviz: The budget is")
    assert "\n" not in told


def test_what_is_printed_is_json() -> None:
    told = json.loads(json.dumps(as_result(read_best(search(signal=True, **SURE)))))
    assert told.keys() >= KEYS
    assert told["interval"] == [0.7, 0.9]
