"""Targets on the command line: checked, imported, trained on."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.cli.called import call
from tlviz.cli import main


def test_names_are_shown_as_they_are_and_json_is_ascii(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("cat [red] x", "chien é"):
        (tmp_path / name).mkdir()
        for at in range(2):
            Image.new("RGB", (8, 8)).save(tmp_path / name / f"{at}.png")
    (tmp_path / "[bold]empty").mkdir()
    _, checked, _ = call(capsys, "datasets", "check", str(tmp_path))
    assert checked["classes"] == ["cat [red] x", "chien é"]
    main(["datasets", "check", str(tmp_path)])
    assert "[bold]empty" in "".join(capsys.readouterr().out.split())


def test_an_archive_is_imported_listed_and_trained_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two colours.zip", "w") as file:
        for at in range(6):
            for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
                Image.new("RGB", (8, 8), colour).save(tmp_path / "x.png")
                file.write(tmp_path / "x.png", f"{name}/{at}.png")
        file.writestr("../evil.png", b"")
    status, imported, _ = call(capsys, "datasets", "import", str(tmp_path / "two colours.zip"))
    assert (status, imported["classes"], imported["images"]) == (0, 2, 12)
    assert [problem["problem"] for problem in imported["problems"]] == ["its path leads out of the archive"]
    _, listed, _ = call(capsys, "datasets")
    assert listed["datasets"][-1]["name"] == imported["name"]
    assert (listed["datasets"][-1]["bundled"], listed["datasets"][-1]["downloaded"]) == (False, True)
    status, run, told = call(
        capsys,
        *("finetune", "--model", "squeezenet1_1", "--data", imported["name"], "--strategy", "head_only"),
        *("--epochs", "1", "--image-size", "64"),
    )
    assert status == 0, told
    _, shown, _ = call(capsys, "runs", "show", run["run"])
    assert shown["config"]["data"] == imported["folder"]
