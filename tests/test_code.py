"""The code keeps the project's rules: linters, types, import directions, thin pages, pinned requirements."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
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
    assert imported == {"tlviz.ui.frame", "tlviz.ui.server", "streamlit"}


def test_pages_are_thin() -> None:
    for page in [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]:
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 115, page


def test_all_requirements_are_pinned() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            assert not line or line.startswith(("#", "-r ")) or re.fullmatch(r"[\w.-]+==[\w.]+", line), line


def test_no_module_imports_itself_by_a_detour() -> None:
    """A circle of imports is a room that nobody can enter first."""
    graph = grimp.build_graph("tlviz", cache_dir=None)
    left = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    while free := [module for module, imported in left.items() if not imported & left.keys()]:
        for module in free:
            del left[module]
    assert not left, f"these import one another in a circle, or are above one: {sorted(left)}"


def test_unit_tests_mirror_the_package() -> None:
    """A test file bears the name of the module or package that it tests, and lies in the folder of its name.

    ``without_a_file.txt`` names the modules that only the tests of others run: give one a file, and take it off.
    """
    modules = {path.relative_to(ROOT / "tlviz").with_suffix("") for path in (ROOT / "tlviz").rglob("*.py")}
    packages = {module.parent for module in modules if module.name == "__init__"}
    unit = ROOT / "tests" / "unit"
    tested = {path.relative_to(unit).with_name(path.stem.removeprefix("test_")) for path in unit.rglob("test_*.py")}
    assert not tested - modules - packages
    untested = {
        module.as_posix()
        for module in modules - tested
        if not module.name.startswith("__") and module.parts[0] not in {"ui", "cli"}
    }
    assert untested == set((unit / "without_a_file.txt").read_text(encoding="utf-8").split())
