"""Class names are given in a file or with commas, or found in the checkpoint; what is odd about them is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tlviz.errors import BadSettingError
from tlviz.models.class_lists import name_classes, parse_classes, read_classes

FILE = Path("a.pt")


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ()), (" ", ()), ("ant,bee", ("ant", "bee")), ("ant, big bee ,", ("ant", "big bee")), ("ant", ("ant",))],
)
def test_names_with_commas(text: str, names: tuple[str, ...]) -> None:
    assert parse_classes(text) == names


def test_a_file_goes_before_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names,all").write_text("x\ny\n")
    assert parse_classes("names,all") == ("x", "y")
    assert parse_classes(str(tmp_path / "names,all")) == ("x", "y")
    with pytest.raises(BadSettingError, match="cannot be read"):
        parse_classes("nowhere.txt")


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "9" * 5000, '{"ant": 1e999}', '{"a": 99999999999999999999999}', "\x00"]
)
def test_odd_json_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(BadSettingError) as caught:
        read_classes(tmp_path / "c.json")
    assert len(str(caught.value)) < 400


def test_a_folder_a_pipe_and_a_giant_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "giant.txt").open("wb") as file:
        file.truncate(10**10)
    paths = [tmp_path, tmp_path / "giant.txt"]
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.txt")
        paths.append(tmp_path / "pipe.txt")
    for path in paths:
        with pytest.raises(BadSettingError, match="cannot be read"):
            read_classes(path)


@pytest.mark.parametrize(
    ("given", "hints", "outputs", "names", "said"),
    [
        (("a", "b"), None, 2, ("a", "b"), ""),
        ((), {"classes": ["x", "y"]}, 2, ("x", "y"), "are those under 'classes' in the file."),
        (("a", "b"), {"classes": ["x", "y"]}, 2, ("a", "b"), ""),
        (("y", "x"), {"classes": ["x", "y"]}, 2, ("y", "x"), "are in another order than those in the file, 'classes'."),
        ((), {"classes": ["x", "y"], "names": ["p", "q"]}, 2, ("x", "y"), "the file, not those under 'names'."),
        ((), {"classes": ["x", "y", "z"], "names": ["p", "q"]}, 2, ("p", "q"), "are those under 'names' in the file."),
        (("no", "yes"), None, 1, ("no", "yes"), ""),
        (("cat",), None, 1, ("not cat", "cat"), ""),
        ((), {"classes": ["cat", "dog"]}, 1, ("cat", "dog"), "are those under 'classes' in the file."),
    ],
)
def test_whose_names_are_taken(
    given: tuple[str, ...], hints: Any, outputs: int, names: tuple[str, ...], said: str
) -> None:
    found, notes = name_classes(FILE, given, hints, outputs)
    assert found == names
    assert len(notes) == bool(said)
    assert "".join(notes).endswith(said)


@pytest.mark.parametrize(
    ("given", "outputs", "words"),
    [
        ((), 3, "has 3 classes but no names"),
        ((), 1, "a single output, which is read as a sigmoid; give two class names"),
        (("a", "b", "c"), 1, "a single output, so two classes, but 3 names"),
        (("a", "b"), 3, "has 3 classes, but 2 names"),
        (("a", "a"), 2, "'a' was given more than once"),
    ],
)
def test_names_that_do_not_fit(given: tuple[str, ...], outputs: int, words: str) -> None:
    with pytest.raises(BadSettingError, match=words):
        name_classes(FILE, given, {}, outputs)
