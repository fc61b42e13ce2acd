"""``tlviz app`` starts the app."""

from __future__ import annotations

from typing import Any

import click
import pytest

from tlviz.cli import app as app_command
from tlviz.cli import main
from tlviz.home import APP_FOLDER


class Streamlit:
    """Notes what it is told to run, and ends as Streamlit does."""

    def __init__(self, end: BaseException) -> None:
        self.end = end
        self.told: list[list[str]] = []

    def main(self, arguments: list[str], **_: Any) -> None:
        self.told.append(arguments)
        raise self.end


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
    streamlit = Streamlit(SystemExit(0))
    modules = {"streamlit.web.cli": streamlit, "click": click}
    monkeypatch.setattr(app_command, "import_module", modules.__getitem__)
    with pytest.raises(SystemExit, match="0"):
        main(["app", *typed])
    assert streamlit.told == [["run", str(APP_FOLDER / "app.py"), *flags]]


def test_ctrl_c_is_the_usual_end(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {"streamlit.web.cli": Streamlit(click.Abort()), "click": click}
    monkeypatch.setattr(app_command, "import_module", modules.__getitem__)
    assert main(["app"]) == 0
