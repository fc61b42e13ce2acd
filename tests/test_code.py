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


OWN_KEYS = {"key_of", "_signs"}
"""What makes keys: the one for names, and one that only knows the program's own words."""
OWN_WORDS = {
    "tlviz/ui/widgets/launcher.py": {"key"},
    "tlviz/ui/race/form.py": {"sweep", "row.name"},
    "tlviz/ui/cached/working.py": {"name"},
    "tlviz/ui/target/reading.py": {"name"},
    "tlviz/ui/widgets/live_chart.py": {"_LIBRARY"},
}
"""What the program itself calls things may stand in the key of a component; names from outside may not."""


def test_keys_of_components_hold_no_names() -> None:
    """Streamlit refuses some names in a key, such as those of targets with two underscores: ``key_of`` hashes them."""
    seen = 0
    for file in [*(ROOT / "pages").glob("*.py"), *(ROOT / "tlviz" / "ui").rglob("*.py")]:
        name = file.relative_to(ROOT).as_posix()
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            is_form = isinstance(call.func, ast.Attribute) and call.func.attr == "form"
            keys = [word.value for word in call.keywords if word.arg == "key"] + (call.args[:1] if is_form else [])
            for key in keys:
                where, seen = f"{name}:{key.lineno}", seen + 1
                assert not isinstance(key, ast.BinOp), where
                if isinstance(key, ast.Call):
                    assert ast.unparse(key.func) in OWN_KEYS, where
                held = [part.value for part in ast.walk(key) if isinstance(part, ast.FormattedValue)]
                assert {ast.unparse(part) for part in held} <= OWN_WORDS.get(name, set()), where
    assert seen > 100


def test_no_array_is_loaded_without_saying_that_it_is_no_pickle() -> None:
    for file in (ROOT / "tlviz").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {
                "np.load",
                "read_array",
                "np.lib.format.read_array",
            }:
                said = {word.arg: ast.unparse(word.value) for word in call.keywords}
                assert said.get("allow_pickle") == "False", f"{file.name}:{call.lineno}"
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "torch.load":
                assert {word.arg: ast.unparse(word.value) for word in call.keywords}.get("weights_only") == "True"


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
