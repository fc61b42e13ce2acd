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

import tlviz
from tests.app.finished import finished_run

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


slow = pytest.mark.slow


@slow
def test_the_lines_of_the_overview_and_of_a_network_give_its_parameters(drawings: Path) -> None:
    app = open_page("overview", target="folder", folder=str(drawings))
    known = executed(code_of(app)[0])
    assert f"{known['network'].table()['parameters'].sum():,} parameters" in text(app)
    assert f"{known['target'].table()['images'].sum():,} images" in text(app)
    app = open_page("models", models="squeezenet1_1")
    network = executed(code_of(app)[0])["network"]
    assert network.table()["parameters"].sum() == network.spec.parameters
    assert f"{network.spec.parameters / 1e6:.1f} M" in text(app)


@slow
@pytest.mark.filterwarnings("ignore")
def test_the_lines_of_a_channel_give_its_classes_and_pictures(measurable: Path) -> None:
    app = open_page("channels", target="folder", folder=str(measurable))
    found = executed(code_of(app)[0])["found"]
    assert chart(app)["data"] == as_drawn(found.figure())["data"]
    assert f"{found.selectivity:.2f}" in text(app)
    assert found.table()["picture"][0].rpartition("/")[2] in text(app)


@slow
@pytest.mark.cold_workers
@pytest.mark.filterwarnings("ignore")
def test_the_lines_of_a_profile_give_its_curve(measurable: Path) -> None:
    address = {"target": "folder", "folder": str(measurable), "images": "35", "beside": "nothing"}
    app = open_page("measure", **address)
    measured = executed(code_of(app)[0])["measured"]
    app = open_page("measure", **address)
    again = executed(code_of(app)[0])["measured"]
    assert again.profile == measured.profile
    assert measured.summary in text(app).replace("\\", "")
    probes = next(trace for trace in chart(app)["data"] if "lines" in trace.get("mode", "") and trace.get("customdata"))
    assert probes["y"] == as_drawn(measured.figure())["data"][chart(app)["data"].index(probes)]["y"]


@slow
def test_the_lines_of_a_run_make_it_again(measurable: Path) -> None:
    app = open_page("finetune", target="folder", folder=str(measurable), strategy="head_only", epochs="2")
    (code,) = code_of(app)
    first = executed(code)["run"]
    app = open_page("finetune", target="folder", folder=str(measurable), strategy="head_only", epochs="2")
    opened, again, form = code_of(app)
    assert executed(opened)["run"].name == first.name
    assert form == code
    assert again == code
    second = executed(again)["run"]
    assert second.name != first.name
    numbers = ["epoch", "val_loss", "val_accuracy", "train_loss"]
    assert second.table()[numbers].equals(first.table()[numbers])
    assert f"{first.accuracy:.1%}" in text(app)


@slow
def test_the_lines_of_a_race_make_it_again(measurable: Path) -> None:
    app = open_page("race", target="folder", folder=str(measurable))
    form = code_of(app)[0]
    assert "seeds" not in form
    raced = tlviz.race("squeezenet1_1", measurable, ["head_only", "full"], seeds=[0, 1], epochs=1, image_size=64)
    app = open_page("race", target="folder", folder=str(measurable))
    opened, again = (block for block in code_of(app) if block != form)
    assert executed(opened)["raced"].table().equals(raced.table())
    assert raced.summary.partition(": ")[2] in text(app).replace("**", "")
    other = executed(again)["raced"]
    assert other.table()[["words", "accuracy", "error"]].equals(raced.table()[["words", "accuracy", "error"]])


@slow
def test_the_lines_of_compared_runs_give_their_curves_and_settings() -> None:
    finished_run("head_only", size=64)
    finished_run("full", moved="fire9", size=64)
    app = open_page("compare")
    compared = executed(code_of(app)[0])["compared"]
    assert chart(app)["data"] == as_drawn(compared.figure())["data"]
    assert compared.summary in text(app).replace("**", "")
    app = open_page("compare", compared="Settings that differ")
    shown = app.dataframe[0].value
    assert shown["Setting"].tolist() == compared.differences()["setting"].tolist()


@slow
def test_the_lines_of_the_runs_page_open_the_chosen_one() -> None:
    finished_run("head_only", size=64)
    app = open_page("runs")
    known = executed(code_of(app)[0])
    assert f"{known['run'].accuracy:.1%}" in text(app)
    assert known["every"].table()["run"].tolist() == [known["run"].name]


@slow
def test_the_lines_of_an_export_write_what_the_page_would(drawings: Path) -> None:
    run = tlviz.finetune("squeezenet1_1", drawings, "head_only", epochs=1, image_size=64, progress=False)
    app = open_page("export")
    exported = executed(code_of(app)[0])["exported"]
    assert exported.ready
    assert exported.told["run"] == run.name
    app = open_page("export")
    for size in exported.table()["size_mb"]:
        assert f"{size:,.1f} MB" in text(app)
