"""The course's path as a notebook: without stored output, of names that exist, and executed twice without harm."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import nbformat
import pytest

import tlviz
from tlviz.home import PROJECT_ROOT

NOTEBOOK = PROJECT_ROOT / "docs" / "course.ipynb"


def read() -> nbformat.NotebookNode:
    found = nbformat.read(NOTEBOOK, 4)
    nbformat.validate(found)
    return found


def test_it_holds_no_output_and_calls_what_there_is() -> None:
    used: set[str] = set()
    for cell in read().cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
            used |= {
                node.attr
                for node in ast.walk(ast.parse(cell.source))
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "tlviz"
            }
    used.discard("__file__")
    assert used <= set(tlviz.FUNCTIONS)
    path = ["load_network", "open_target", "feature_maps", "attribute", "channel", "profile", "finetune", "race"]
    assert used >= {*path, "compare"}


@pytest.mark.slow
@pytest.mark.cold_workers
def test_it_runs_from_picture_to_export_twice(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT_ROOT), os.environ.get("PYTHONPATH", "")]))
    exported: list[float] = []
    for _ in range(2):
        notebook = read()
        place = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=900, kernel_name="python3", resources=place).execute()
        figures = [
            output
            for cell in notebook.cells
            if cell.cell_type == "code"
            for output in cell.outputs
            if "application/vnd.plotly.v1+json" in output.get("data", {})
        ]
        assert len(figures) >= 6
        assert (tmp_path / "course-export" / "model.safetensors").exists()
        exported.append((tmp_path / "course-export" / "model.safetensors").stat().st_mtime)
    assert exported[0] == exported[1]
    assert len(list((home / "runs").glob("*squeezenet1_1-photos*"))) >= 14
