"""The code keeps the project's rules: linters, types, import directions, thin pages, a README that tells the truth."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def check_succeeds(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=" ".join
)
def test_linters_are_content(command: list[str]) -> None:
    check_succeeds(sys.executable, "-m", *command)


def test_imports_point_downward() -> None:
    check_succeeds(str(Path(sys.executable).parent / "lint-imports"))


def test_the_app_imports_only_what_an_entry_point_may() -> None:
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported == {"tlviz.ui.frame"}


def test_pages_are_thin() -> None:
    for page in [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]:
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 115, page


def test_the_readme_names_real_files_and_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install -r requirements.txt && streamlit run app.py" in text
    assert "pip install -r requirements-dev.txt && pytest" in text
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / link).exists(), link
    for path in re.findall(r"`((?:tlviz|pages|tests|assets)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path


def test_every_command_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(
        r"^python -m tlviz ([a-z-]+(?: (?:show|check|stop|delete|download|import|exclude|include|report"
        r"|resume))?)(.*)$",
        text,
        re.MULTILINE,
    )
    verbs = {"models", "datasets", "finetune", "find-rate", "profile", "race", "runs", "predict", "export", "bench"}
    assert {verb.split()[0] for verb, _ in commands} == verbs
    for verb, rest in commands:
        done = subprocess.run(
            [sys.executable, "-m", "tlviz", *verb.split(), "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        )
        assert done.returncode == 0, verb
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in done.stdout, f"{verb} {option}"


def test_all_requirements_are_pinned() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            assert not line or line.startswith(("#", "-r ")) or re.fullmatch(r"[\w.-]+==[\w.]+", line), line
