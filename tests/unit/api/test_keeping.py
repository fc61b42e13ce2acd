"""Runs in Python: listed, named, compared, asked about pictures and refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

import tlviz
from tests.app.finished import finished_run
from tlviz.api.results_of_runs import Run
from tlviz.runs.overview import overview
from tlviz.runs.summary import summarise

PHOTOS = Path(__file__).resolve().parents[3] / "assets" / "datasets" / "photos"


def test_without_runs_the_list_is_empty_and_says_so() -> None:
    every = tlviz.runs()
    assert (len(every), list(every), len(every.table())) == (0, [], 0)
    assert every.figure() is not None
    assert "no runs yet" in every._repr_html_()
    with pytest.raises(tlviz.TlvizError, match="no fine-tuning run yet"):
        every["last"]
    with pytest.raises(tlviz.TlvizError, match="no run called 'x'"):
        tlviz.compare("x")


def test_runs_are_those_of_the_page_and_answer_pictures(tmp_path: Path) -> None:
    first, second = finished_run("head_only", size=64), finished_run("full", moved="fire9", size=64)
    every = tlviz.runs()
    assert [run.name for run in every] == [row.run for row in overview()]
    run = every[first.name]
    assert isinstance(run, Run)
    assert run.accuracy == summarise(first).best_val_accuracy
    assert run.table()["val_accuracy"].tolist() == [0.5]
    assert every["last"].name == every[0].name
    compared = tlviz.compare(first.name, second)
    assert set(compared.differences()["setting"]) >= {"strategy"}
    assert compared.figure().data
    named = tlviz.predict(run, PHOTOS / "bird" / "crow.jpg", tmp_path / "nowhere.jpg", progress=False)
    assert named.table()["class"].tolist() == [named.rows[0].guesses[0].name]
    assert [problem.problem for problem in named.problems] == ["does not exist"]
    with pytest.raises(tlviz.TlvizError, match="None of the 1 given paths is a picture"):
        tlviz.predict(run, tmp_path / "nowhere.jpg", progress=False)
    with pytest.raises(tlviz.TlvizError, match="not empty"):
        tlviz.export(run, PHOTOS, progress=False)
    with pytest.raises(tlviz.TlvizError, match="magic"):
        tlviz.export(run, tmp_path / "new", "magic", progress=False)
