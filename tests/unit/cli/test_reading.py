"""How a target is read, as the command line says it and lets a person decide it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.painted import paint
from tests.unit.cli.called import call
from tlviz.cli import main
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import list_runs

Draw = Callable[..., str]
SAID = "say --layout classes or --layout leaves; or choose on the Target page."


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Write pictures, each of its own, at paths below a folder, and return the folder."""

    def write(*paths: str) -> str:
        for at, path in enumerate(paths):
            file = tmp_path / "target" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            paint(at).save(file)
        return str(tmp_path / "target")

    return write


@pytest.fixture
def both(draw: Draw) -> str:
    folders = ("mammal/cat", "mammal/dog", "bird/owl", "bird/jay")
    return draw(*(f"{folder}/{at}.png" for folder in folders for at in range(3)))


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    status, result, told = call(capsys, "datasets", "check", *arguments, "--no-features")
    assert status == 0, told
    return result


def test_a_check_says_how_a_folder_is_read_and_what_is_left_out(capsys: pytest.CaptureFixture[str], draw: Draw) -> None:
    data = draw("Training/a/1.png", "Training/b/2.png", "Testing/a/3.png", "@eaDir/4.png", "5.png")
    Path(data, "README.md").touch()
    result = checked(capsys, data)
    names = ("classes", "layout", "label_column", "path_column", "split_column", "group_column", "parts", "questions")
    assert {name: result[name] for name in names} == {
        "classes": ["a", "b"],
        "layout": "2 classes in the parts train (Training) and test (Testing)",
        "label_column": None,
        "path_column": None,
        "split_column": None,
        "group_column": None,
        "parts": {"train": 2, "test": 1},
        "questions": [],
    }
    assert result["left_out"] == [
        {"path": "@eaDir", "reason": "a folder of the system, not of pictures"},
        {"path": "README.md", "reason": "not a picture file"},
        {"path": "5.png", "reason": "outside the folders of the classes"},
    ]
    main(["datasets", "check", data, "--no-features"])
    words = capsys.readouterr().out
    assert "reading: 2 classes in the parts train (Training) and test (Testing)\nparts: 2 train, 1 test\n" in words
    assert "left out: 3 files or folders: @eaDir (a folder of the system, not of pictures); README.md (" in words


def test_a_question_is_told_decided_remembered_and_forgotten(capsys: pytest.CaptureFixture[str], both: str) -> None:
    (question,) = checked(capsys, both)["questions"]  # type: ignore[misc, attr-defined]
    assert (question["option"], question["choices"]) == ("--layout", ["classes", "leaves"])
    assert "the 4 classes cat, dog, jay and owl" in question["question"]
    decided = checked(capsys, both, "--layout", "leaves")
    assert (decided["classes"], decided["questions"]) == (["cat", "dog", "jay", "owl"], [])
    assert checked(capsys, both)["classes"] == ["bird", "mammal"]
    checked(capsys, both, "--layout", "leaves", "--remember")
    assert checked(capsys, both)["classes"] == ["cat", "dog", "jay", "owl"]
    checked(capsys, both, "--remember")
    assert len(checked(capsys, both)["questions"]) == 1  # type: ignore[arg-type]


def test_how_deep_pictures_are_read_is_told_remembered_and_taken_by_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in (("dim", 1000), ("bright", 2000)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((8, 8), value, np.uint16)).save(tmp_path / name / "0.png")
    data = str(tmp_path)

    def deep(*options: str) -> str:
        problems: Any = checked(capsys, data, *options)["problems"]
        return next(one["problem"] for one in problems if one["kind"] == "over 8 bits")

    assert "values from 1,000 to 2,000 became 0 to 255" in deep()
    assert "values from 0 to 4,095 became 0 to 255" in deep("--value-range", "0:4095")
    assert "values from 1,000 to 2,000 became 0 to 255" in deep()
    assert "0 is taken for no data and is white" in deep("--value-range", "0:4095", "--no-data", "0", "--remember")
    assert checked(capsys, data)["layout"] == (
        "2 classes, one folder each; deep pictures with values from 0 to 4095, 0 for no data"
    )
    config = configure("squeezenet1_1", data, "head_only")
    assert (config.value_range, config.no_data) == ("0:4095", 0.0)
    assert configure("squeezenet1_1", data, "head_only", value_range="0:1").value_range == "0:1"


@pytest.mark.parametrize("command", ["finetune", "race", "find-rate", "profile"])
def test_nothing_is_trained_while_a_question_is_open(
    capsys: pytest.CaptureFixture[str], both: str, command: str
) -> None:
    status = main([command, "--model", "squeezenet1_1", "--data", both, "--image-size", "64"])
    told = capsys.readouterr().err.strip().splitlines()
    assert status == 2
    assert len(told) == 1
    assert told[0].endswith(SAID)
    assert list_runs() == []


def test_a_layout_that_is_none_is_one_sentence(capsys: pytest.CaptureFixture[str], both: str) -> None:
    assert main(["datasets", "check", both, "--layout", "trees"]) == 2
    (told,) = capsys.readouterr().err.strip().splitlines()
    assert "'classes', 'parts', 'leaves'" in told


def test_a_run_says_and_keeps_how_its_target_is_read(capsys: pytest.CaptureFixture[str], both: str) -> None:
    Path(both, "notes.txt").touch()
    arguments = ("--model", "squeezenet1_1", "--data", both, "--strategy", "head_only", "--epochs", "1")
    status, run, told = call(capsys, "finetune", *arguments, "--image-size", "64", "--layout", "leaves")
    assert status == 0, told
    assert told.startswith(
        "reading: 4 classes, the innermost folders\nleft out: 1 file or folder: notes.txt (not a picture file)\n"
    )
    _, shown, _ = call(capsys, "runs", "show", run["run"])
    assert shown["reading"]["layout"] == "4 classes, the innermost folders"
    assert shown["left_out"] == [{"path": "notes.txt", "reason": "not a picture file"}]
    main(["runs", "show", run["run"]])
    assert "reading\t4 classes, the innermost folders\n" in capsys.readouterr().out


def test_an_archive_says_what_of_it_is_not_used(capsys: pytest.CaptureFixture[str], draw: Draw, tmp_path: Path) -> None:
    data = draw("Train/a/1.png", "Train/b/2.png", "Test/a/3.png", "Test/b/4.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as file:
        for picture in Path(data).rglob("*.png"):
            file.write(picture, f"wrapper/{picture.relative_to(data).as_posix()}")
        for name in ("wrapper/README.md", "__MACOSX/wrapper/._1.png", "wrapper/@eaDir/x.png", "wrapper/.DS_Store"):
            file.writestr(name, b"x")
    result = checked(capsys, str(tmp_path / "set.zip"))
    assert (result["classes"], result["parts"]) == (["a", "b"], {"train": 2, "test": 2})
    assert {left["path"]: left["reason"] for left in result["left_out"]} == {  # type: ignore[attr-defined]
        "wrapper/README.md": "not a picture file",
        "__MACOSX": "a folder of the system, not of pictures",
        "wrapper/@eaDir": "a folder of the system, not of pictures",
        "wrapper/.DS_Store": "hidden",
    }
