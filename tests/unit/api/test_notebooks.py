"""Notebooks: valid, filled in with what was asked, and without a call that trains when they are run twice."""

from __future__ import annotations

import json

import nbformat
import pytest

from tlviz.api.notebooks import profile_notebook, run_notebook
from tlviz.finetune.config import configure
from tlviz.runs.races.plan import plan_race
from tlviz.runs.store.folder import RunFolder, create_run

ODD = '/a b/it\'s "odd" *bold* 🐈/\udcff'


def run_of(data: str) -> RunFolder:
    return create_run(
        "finetune", "x", configure("squeezenet1_1", "photos", "full", epochs=3).to_json() | {"data": data}
    )


def race_of(data: str) -> RunFolder:
    base = {"model": "squeezenet1_1", "data": "photos", "epochs": 1}
    members = [one.to_json() | {"data": data} for one in plan_race(base, "strategy", ["full", "head_only"], [0])]
    about = {"model": "squeezenet1_1", "data": data, "device": "auto", "sweep": "strategy", "halving": False}
    return create_run("race", "x", about | {"members": members})


@pytest.mark.parametrize("data", ["photos", ODD], ids=["photos", "odd"])
@pytest.mark.parametrize("kind", ["run", "race", "profile"])
def test_a_notebook_is_valid_and_every_cell_can_be_read(kind: str, data: str) -> None:
    made = {
        "run": lambda: run_notebook(run_of(data)),
        "race": lambda: run_notebook(race_of(data)),
        "profile": lambda: profile_notebook("squeezenet1_1", data, [("squeezenet1_1", "clipart")], 100),
    }[kind]()
    notebook = nbformat.reads(made.decode(), 4)
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        compile(cell, "cell", "exec")
    assert json.loads(made)["metadata"]["kernelspec"]["name"] == "python3"
    starts = [cell for cell in code if "tlviz.finetune(" in cell or "tlviz.race(" in cell]
    assert all(cell.startswith("try:") and "tlviz.runs()[" in cell for cell in starts)
    assert len(starts) == (0 if kind == "profile" else 1)
