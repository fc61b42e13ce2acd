"""Other machines run what is run here: workflow and hooks follow the README, the classifiers and the linters."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return content


def steps(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_workflow_runs_the_documented_tests_on_every_python_of_the_classifiers() -> None:
    workflow = load(".github/workflows/test.yml")
    job = workflow["jobs"]["everything"]
    documents = [(ROOT / name) for name in ("README.md", "CONTRIBUTING.md") if (ROOT / name).exists()]
    text = "\n".join(document.read_text(encoding="utf-8") for document in documents)
    (command,) = set(re.findall(r"^pip install -r requirements-dev\.txt && pytest.*$", text, re.MULTILINE))
    assert command in steps(job)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {found[1] for line in project["classifiers"] if (found := re.search(r"Python :: (3\.\d+)$", line))}
    assert set(job["strategy"]["matrix"]["python"]) == named
    assert project["requires-python"].startswith(f">={min(named, key=lambda text: int(text[2:]))}")


def test_the_workflow_runs_the_unit_tests_on_the_two_other_systems() -> None:
    job = load(".github/workflows/test.yml")["jobs"]["units"]
    assert job["strategy"]["matrix"]["system"] == ["macos-latest", "windows-latest"]
    assert "pytest tests/unit" in steps(job)
    assert (ROOT / "tests" / "unit").is_dir()


def test_each_job_caches_what_pip_downloads() -> None:
    for job in load(".github/workflows/test.yml")["jobs"].values():
        (python,) = (step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/setup-python"))
        assert python["cache"] == "pip"
        assert list(ROOT.glob(python["cache-dependency-path"]))


def test_the_hooks_are_the_linters_that_pytest_runs() -> None:
    (repository,) = load(".pre-commit-config.yaml")["repos"]
    hooks = {" ".join(shlex.split(hook["entry"])).removeprefix("python -m ") for hook in repository["hooks"]}
    tests = (ROOT / "tests" / "test_code.py").read_text(encoding="utf-8")
    for words in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports"]):
        assert all(f'"{word}"' in tests for word in words), words
        assert any(hook.split()[: len(words)] == words for hook in hooks), words
    assert len(hooks) == 4
