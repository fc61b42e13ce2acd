"""``tlviz`` as the terminal starts it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tlviz.__main__ import console
from tlviz.cli import app as app_command
from tlviz.cli import main
from tlviz.home import APP_FOLDER


def test_what_a_pipe_cannot_write_becomes_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a pipe has the system's own encoding, which lacks most scripts."""
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", write_through=True)
    monkeypatch.setattr("sys.stdout", pipe)
    monkeypatch.setattr("tlviz.__main__.main", lambda _arguments: pipe.write("Äpfel, 梨"))
    assert console() == len("Äpfel, 梨")
    assert pipe.buffer.getvalue() == "Äpfel, ?".encode("cp1252")


class Streamlit:
    """Notes what it is told to run, and ends as Streamlit does."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []

    def main(self, arguments: list[str], **_: Any) -> None:
        self.told.append(arguments)
        raise SystemExit(0)


@pytest.mark.parametrize(
    ("typed", "flags"),
    [
        ([], []),
        (["--port", "8600"], ["--server.port=8600"]),
        (["--no-browser"], ["--server.headless=true"]),
        (["--headless"], ["--server.headless=true"]),
    ],
)
def test_the_app_is_streamlits_run_of_the_one_app_file(
    typed: list[str], flags: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    streamlit = Streamlit()
    monkeypatch.setattr(app_command, "import_module", lambda _name: streamlit)
    with pytest.raises(SystemExit, match="0"):
        main(["app", *typed])
    assert streamlit.told == [["run", str(APP_FOLDER / "app.py"), *flags]]
