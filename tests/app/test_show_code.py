"""*Show code*: the lines on a page, executed, give the numbers that the page shows."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).resolve().parents[2] / "app.py")


def open_page(page: str, **address: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def code_of(app: AppTest, language: str = "python") -> list[str]:
    return [str(block.value) for block in app.code if block.language == language]


def executed(code: str) -> Mapping[str, Any]:
    """Execute lines as a person would who pastes them, and return what they leave."""
    known: dict[str, Any] = {}
    exec(compile(code, "show code", "exec"), known)
    return known


def text(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.get("html"))
    return html.unescape("\n".join(str(getattr(part, "value", None) or part.proto) for kind in kinds for part in kind))


def chart(app: AppTest, at: int = 0) -> dict[str, Any]:
    """Return the data and layout of one of the page's figures."""
    found: dict[str, Any] = json.loads(app.get("plotly_chart")[at].proto.spec)
    return found


def as_drawn(figure: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(figure.to_json())
    return found


@pytest.mark.filterwarnings("ignore")
def test_the_lines_of_a_picture_give_what_the_page_shows(drawings: Path) -> None:
    app = open_page("feature_maps", target="folder", folder=str(drawings), stage="fire5")
    maps = executed(code_of(app)[0])["maps"]
    shown = text(app)
    for guess in maps.guesses:
        assert guess.name in shown
        assert (f"{guess.probability:.0%}" if guess.probability >= 0.01 else "< 1 %") in shown
    silent = int(maps.table().query("place == 'fire5'")["silent"].sum())
    assert f"{silent} channels are silent" in shown or not silent


@pytest.mark.filterwarnings("ignore")
def test_the_lines_of_an_answer_give_what_the_page_says(drawings: Path) -> None:
    app = open_page("attributions", target="folder", folder=str(drawings))
    why = executed(code_of(app)[0])["why"]
    said = why.summary.partition(": ")[2]
    assert re.search(r"\d+ %", said)
    assert said in text(app).replace("\\", "")


@pytest.mark.filterwarnings("ignore")
def test_the_lines_of_a_target_part_it_as_the_page_does(drawings: Path) -> None:
    app = open_page("target", target="folder", folder=str(drawings))
    parted = executed(code_of(app)[0])["parted"]
    train, validation, test = (int(parted.table()[name].sum()) for name in ("training", "validation", "test"))
    assert f"{train} images train, {validation} validate, {test} test." in text(app)
    assert chart(app)["data"] == as_drawn(parted.figure())["data"]
