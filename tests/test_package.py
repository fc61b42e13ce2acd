"""The wheel carries what is needed: it is built, installed beside the dependencies, and used far from the checkout."""

from __future__ import annotations

import email
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.browser import ROOT, Server, visiting

SOURCES = (
    *("app.py", "pages", "tlviz", "assets", ".streamlit"),
    *("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"),
)
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
README_ONLY = {"curves", "export", "feature_maps", "finetune", "models", "overview", "target"}


@dataclass(frozen=True)
class Installed:
    """An environment that has the dependencies of the running one, and tlviz from the wheel."""

    folder: Path
    wheel: Path
    elsewhere: Path

    @property
    def command(self) -> str:
        return str(self.folder / SCRIPTS / "tlviz")

    def environment(self) -> dict[str, str]:
        hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        return {name: value for name, value in os.environ.items() if name not in hidden}

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.elsewhere, env=self.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def build_wheel(source: Path, to: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(to), str(source)], check=True)
    (wheel,) = to.glob("*.whl")
    return wheel


def build(source: Path, kind: str, to: Path) -> Path:
    """Build a wheel or an sdist with what pip calls, without pip: that takes half the time."""
    program = f"from setuptools import build_meta; build_meta.build_{kind}({str(to)!r})"
    to.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-c", program], cwd=source, check=True, capture_output=True)
    (built,) = [*to.glob("*.whl"), *to.glob("*.tar.gz")]
    return built


def copy_sources(folder: Path) -> Path:
    """Copy what a package is made of, as building leaves traces and finds those of earlier times."""
    folder.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel; the dependencies are not installed again, they are seen in the running environment."""
    top = tmp_path_factory.mktemp("installed")
    wheel = build_wheel(copy_sources(top / "source"), top / "wheel")
    folder, elsewhere = top / "environment", top / "elsewhere"
    venv.create(folder, with_pip=False)
    scheme = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    (packages / "running.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    python = folder / SCRIPTS / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True)
    elsewhere.mkdir()
    (elsewhere / "tlviz.py").write_text("raise SystemExit('the wrong tlviz')\n", encoding="utf-8")
    return Installed(folder, wheel, elsewhere)


def files_below(folder: Path) -> set[str]:
    return {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_package_and_app_and_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        words = email.message_from_bytes(file.read(metadata))
    app = {"app.py", ".streamlit/config.toml"} | {f"pages/{name}" for name in files_below(ROOT / "pages")}
    app |= {f"assets/{name}" for name in files_below(ROOT / "assets")}
    app -= {f"assets/pictures/{name}.png" for name in README_ONLY}
    assert names == {f"tlviz/{name}" for name in files_below(ROOT / "tlviz")} | {f"tlviz/_app/{name}" for name in app}
    assert {"tlviz/py.typed", "tlviz/ui/widgets/static/tiles.js", "tlviz/_app/assets/pictures/icon.png"} <= names
    assert installed.wheel.stat().st_size < 70e6  # 45 MB are the text encoder
    assert (words["License-Expression"], words["License-File"]) == ("MIT", "LICENSE")


def test_a_wheel_from_the_source_archive_is_the_same(tmp_path: Path) -> None:
    source = copy_sources(tmp_path / "source")
    for file in source.glob("assets/**/*.*"):  # their content is all one here, and would take long to compress
        os.truncate(file, 100)
    archive = build(source, "sdist", tmp_path)
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    wheels = build(source, "wheel", tmp_path / "one"), build(unpacked, "wheel", tmp_path / "two")
    with zipfile.ZipFile(wheels[0]) as one, zipfile.ZipFile(wheels[1]) as two:
        assert {info.filename: info.CRC for info in one.infolist()} == {i.filename: i.CRC for i in two.infolist()}


def test_an_installed_tlviz_profiles_and_fine_tunes(installed: Installed) -> None:
    program = "import json, sys, tlviz.home as home; print(json.dumps([home.__file__, str(home.ASSETS), *sys.path]))"
    file, assets, *search = json.loads(installed.run(str(installed.folder / SCRIPTS / "python"), "-P", "-c", program))
    assert Path(file).is_relative_to(installed.folder)
    assert Path(assets).is_relative_to(installed.folder)
    assert str(ROOT) not in search
    what = ["--model", "squeezenet1_1", "--data", "photos", "--image-size", "64", "--json"]
    profile = json.loads(installed.run(installed.command, "profile", *what, "--limit", "25"))
    assert (profile["images"], len(profile["stages"])) == (24, 9)
    run = json.loads(installed.run(installed.command, "finetune", *what, "--strategy", "head_only", "--epochs", "1"))
    assert (run["status"], run["epochs_run"]) == ("finished", 1)


def test_the_installed_app_shows_its_pages_in_its_colours(installed: Installed, home: Path) -> None:
    """Streamlit's settings are the app's own, also where it is started in a folder with others."""
    (installed.elsewhere / ".streamlit").mkdir()
    (installed.elsewhere / ".streamlit" / "config.toml").write_text("[server]\naddress = '0.0.0.0'\n", encoding="utf-8")
    server = Server(home)
    command = [installed.command, "app", "--port", str(server.port), "--headless"]
    server.launch(command, installed.elsewhere, installed.environment())
    assert server.process
    try:
        with visiting(server) as visit:
            visit.page.emulate_media(color_scheme="dark")
            visit.go()
            colour = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
            assert visit.page.evaluate(colour) == "rgb(17, 22, 29)", "theme.dark of .streamlit/config.toml"
            visit.menu("Feature maps")
            visit.page.wait_for_selector(".tiles .sprite")
            assert visit.page.get_by_test_id("stException").count() == 0
            assert (visit.errors, visit.outside) == ([], [])
        busy = subprocess.run(command, env=installed.environment(), capture_output=True, text=True, check=False)
        assert (busy.returncode, busy.stderr.count("\n")) == (2, 1)
        assert f"Port {server.port} is in use" in busy.stderr
        server.process.send_signal(signal.SIGINT)  # Ctrl-C
        assert server.process.wait(20) == 0
    finally:
        server.kill()
