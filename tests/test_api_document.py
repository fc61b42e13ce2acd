"""``docs/api.md`` is what the docstrings say, and every example in it does what it says."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import tlviz
from tests.bench.api_document import DOCUMENT, document

QUICK = ("load_network", "open_target", "feature_maps", "attribute")
PHOTOS = Path(__file__).resolve().parent.parent / "assets" / "datasets" / "photos"


def examples(name: str) -> list[str]:
    """Return the examples of a function's section."""
    section = document().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, name
    return found


def run_example(code: str) -> int:
    """Run an example line by line, compare what it gives with the comment below, and return how many were compared."""
    lines, known, compared = code.splitlines(), {"tlviz": tlviz}, 0
    for statement in ast.parse(code).body:
        assert statement.end_lineno
        said = lines[statement.end_lineno] if statement.end_lineno < len(lines) else ""
        if isinstance(statement, ast.Expr):
            value: Any = eval(compile(ast.Expression(statement.value), code, "eval"), known)
            assert value is not None, code
            if said.startswith("# "):
                assert repr(value) == said[2:], code
                compared += 1
        else:
            exec(compile(ast.Module([statement], []), code, "exec"), known)
    return compared


def test_the_page_is_what_the_docstrings_say() -> None:
    written = "python -m tests.bench.api_document writes it anew"
    assert DOCUMENT.read_text(encoding="utf-8") == document(), written


@pytest.mark.filterwarnings("ignore")
def test_the_examples_of_looking_give_what_they_say() -> None:
    assert sum(run_example(code) for name in QUICK for code in examples(name)) >= 5


@pytest.mark.slow
def test_every_example_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PHOTOS / "bird", "pictures")
    assert sum(run_example(code) for name in tlviz.FUNCTIONS for code in examples(name)) >= 10
