"""What a search says in Python, of a race written by hand."""

from __future__ import annotations

import pytest

import tlviz
from tests.unit.runs.best.test_found import SURE, search
from tlviz.api.best import BestModel
from tlviz.errors import BadSettingError


def test_a_finding_is_a_result_with_a_run() -> None:
    found = BestModel(search(signal=True, **SURE))
    assert found.signal
    assert found.accuracy == 0.8
    assert found.interval == (0.7, 0.9)
    assert found.run.accuracy == 0.85
    assert next(iter(found.table()["words"])) == "leader at 160 pixels"
    assert "80.0%" in repr(found)


def test_without_a_signal_there_is_no_run() -> None:
    with pytest.raises(BadSettingError, match="nothing to learn"):
        _ = BestModel(search(signal=False, **SURE)).run


def test_a_budget_of_no_use_is_refused() -> None:
    with pytest.raises(BadSettingError, match="The budget is 0 minutes"):
        tlviz.best("photos", 0)
