"""What is declared, pinned and imported agrees."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CLUSTER = PROJECT["optional-dependencies"]["cluster"]
OPTIONAL = {canonicalize_name(wish.name): wish for wish in map(Requirement, CLUSTER)}
RANGES = {canonicalize_name(wish.name): wish for wish in map(Requirement, PROJECT["dependencies"])}


def pins(name: str) -> dict[str, Version]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if "==" in line]
    return {canonicalize_name(package): Version(version) for package, version in pairs}


def imported() -> set[str]:
    """Return the top names that any module of the program imports, at its head or later."""
    files = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "tlviz").rglob("*.py")]
    names: set[str] = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module))
    return {name.partition(".")[0] for name in names}


def test_every_range_has_a_pin_inside_it_and_every_pin_a_range() -> None:
    pinned = pins("requirements.txt")
    assert pinned.keys() == RANGES.keys()
    outside = {name: str(pin) for name, pin in pinned.items() if pin not in RANGES[name].specifier}
    assert not outside


def test_what_a_cluster_needs_is_pinned_inside_its_range() -> None:
    pinned = pins("requirements-cluster.txt")
    assert pinned.keys() == OPTIONAL.keys()
    assert all(pin in OPTIONAL[name].specifier for name, pin in pinned.items())


def test_every_range_is_open_above_the_pin_and_ends_before_a_major_version() -> None:
    for name, wish in RANGES.items():
        bounds = {bound.operator: bound.version for bound in wish.specifier}
        assert bounds.keys() == {">=", "<"}, name
        assert bounds["<"].isdecimal(), name
        assert Version(bounds[">="]) <= pins("requirements.txt")[name], name


def test_nothing_is_imported_that_is_not_declared() -> None:
    homes = packages_distributions()
    missing = {name for name in OPTIONAL if name not in homes}  # it need not be installed
    others = imported() - set(sys.stdlib_module_names) - {"tlviz", "pages"} - missing
    assert len(others) > 15
    known = RANGES | OPTIONAL
    declared = {name: any(canonicalize_name(home) in known for home in homes.get(name, ())) for name in others}
    assert not [name for name, is_declared in declared.items() if not is_declared]


def hashed() -> dict[str, list[tuple[Version, list[str]]]]:
    """Return the versions and checksums of the second requirements file, one for each system that has its own."""
    text = (ROOT / "requirements-hashed.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[tuple[Version, list[str]]]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            wish, *checksums = line.split(" --hash=")
            pin = re.fullmatch(r"([\w.-]+)==([\w.+-]+)\s*(;.*)?", wish.strip())
            assert pin, f"not a pin: {wish}"
            found.setdefault(canonicalize_name(pin[1]), []).append((Version(pin[2]), [c.strip() for c in checksums]))
    return found


def test_the_requirements_with_checksums_are_the_pinned_ones() -> None:
    """Where this fails, ``requirements.txt`` has changed: make the file anew by the command at its head."""
    found = hashed()
    for name, pin in pins("requirements.txt").items():
        assert [version for version, _ in found[name]] == [pin], name
    for name, rows in found.items():
        for _, checksums in rows:
            assert checksums, f"{name} has no checksum"
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", checksum) for checksum in checksums), name


@pytest.mark.slow
def test_what_is_installed_with_checksums_has_them(tmp_path: Path) -> None:
    """All but torch and what it needs of CUDA, some gigabytes, is fetched for this machine and compared."""
    text = (ROOT / "requirements-hashed.txt").read_text(encoding="utf-8")
    rows = re.split(r"\n(?=[a-z])", text.partition("\n\n")[0] if "\n\n" in text else text)
    kept = [row for row in rows if not re.match(r"#|torch|triton|nvidia|cuda", row)]
    (tmp_path / "some.txt").write_text("\n".join(kept), encoding="utf-8")
    fetch = ["download", "-q", "--require-hashes", "--no-deps", "-d", str(tmp_path / "files"), "-r", "some.txt"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *fetch], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    wrong = re.sub(r"sha256:.", "sha256:0", "\n".join(kept[:1]))
    (tmp_path / "some.txt").write_text(wrong.replace("sha256:0", "sha256:f"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pip", *fetch, "--no-cache-dir"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode != 0, "another checksum is refused"


def test_what_builds_the_package_is_pinned_for_its_test() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    pinned = pins("requirements-dev.txt")
    assert all(pinned[canonicalize_name(wish.name)] in wish.specifier for wish in map(Requirement, build))
