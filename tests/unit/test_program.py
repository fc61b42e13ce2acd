"""Messages name commands that work where they are read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tlviz.program import command, program


def make_script(folder: Path) -> Path:
    folder.mkdir()
    (folder / "tlviz").write_text("#!/bin/sh\n")
    (folder / "tlviz").chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("started", "is_on_path", "is_beside_python", "typed"),
    [
        ("/anywhere/bin/tlviz", False, False, "tlviz"),
        ("C/Scripts/tlviz.exe", False, False, "tlviz"),
        ("/checkout/tlviz/__main__.py", False, False, "python -m tlviz"),
        ("/checkout/tlviz/__main__.py", True, True, "tlviz"),
        ("/checkout/tlviz/__main__.py", True, False, "python -m tlviz"),
        ("/checkout/tlviz/__main__.py", False, True, "python -m tlviz"),
        ("", False, False, "python -m tlviz"),
    ],
)
def test_the_form_that_works_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    started: str,
    is_on_path: bool,
    is_beside_python: bool,
    typed: str,
) -> None:
    folder = make_script(tmp_path / "bin")
    monkeypatch.setattr(sys, "argv", [started])
    monkeypatch.setattr(sys, "executable", str((folder if is_beside_python else tmp_path / "other") / "python"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder)] if is_on_path else [str(tmp_path)]))
    assert program() == typed
    assert command("models show resnet50") == f"{typed} models show resnet50"
