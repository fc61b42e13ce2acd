"""Numbers, their noise, and their file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.unit.learn.made import measured_of, race_of
from tlviz.errors import BadLessonError
from tlviz.learn.results import Table, interval_of, read_measured, write_measured


def test_a_difference_is_paired_by_seed() -> None:
    table = race_of([0.8, 0.6, 0.7], [0.7, 0.5, 0.6])
    found = table.difference("val_accuracy", "Head", "All")
    assert found is not None
    assert found.mean == pytest.approx(0.1)
    assert found.half == pytest.approx(0, abs=1e-9)
    seed = table.estimate("val_accuracy", "Head")
    assert seed is not None
    assert seed.error == pytest.approx(0.1 / math.sqrt(3))
    assert interval_of(seed) == pytest.approx(4.303 * 0.1 / math.sqrt(3), rel=1e-3)


def test_one_seed_has_no_noise_that_anybody_knows() -> None:
    found = race_of([0.8], [0.7]).difference("val_accuracy", "Head", "All")
    assert found is not None
    assert found.half is None


def test_stages_have_the_noise_of_their_images() -> None:
    table = Table({"probe": {"stem": {"": 0.5}, "fire9": {"": 0.8}}}, {"probe": {"stem": 0.03, "fire9": 0.04}})
    found = table.difference("probe", "fire9", "stem")
    assert found is not None
    assert found.half == pytest.approx(1.96 * 0.05, rel=1e-3)
    assert table.difference("probe", "fire9", "fire99") is None


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    measured = measured_of(race_of([0.8123456789, 0.6], [0.7, 0.5]))
    found = read_measured(write_measured(tmp_path, measured))
    assert found.date == "2026-01-01"
    assert found.tables["photos"].values["val_accuracy"]["Head"] == {"0": 0.812346, "1": 0.6}


@pytest.mark.parametrize("text", ["{}", "[1]", '{"tables": {"a": 1}}', "nan", '{"tables": 3}'])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadLessonError, match="measure the card again"):
        read_measured(tmp_path / "a.json")


def test_without_a_file_nothing_was_measured(tmp_path: Path) -> None:
    with pytest.raises(BadLessonError, match="Nothing was measured"):
        read_measured(tmp_path / "a.json")
