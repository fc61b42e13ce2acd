"""The Export page as AppTest sees it: formats as cards, the job, its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.finished import finished_run
from tests.app.test_pages import open_page, text, the_server_knows_the_page_table
from tlviz.export.checking.verdict import Check, CheckStatus
from tlviz.export.files.table import FORMATS, Format
from tlviz.runs import launch
from tlviz.runs.launch import start_export
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import encode
from tlviz.ui.state import Key, key_of

__all__ = ["the_server_knows_the_page_table"]

PASSED = Check(
    CheckStatus.PASSED, None, 1.0, 2e-6, 45, 45, 92, 0.8, 0.8, 2_900_000, {"1": 3.2, "32": 41.0}, ("A note.",)
)
HALF = Check(CheckStatus.PASSED, None, 0.978, 0.4, 45, 45, 92, 0.78, 0.8, 1_400_000)
FAILED = Check(CheckStatus.FAILED, "1 of 45 pictures get another answer: <b>.", 0.978, 0.3, 45, 45, 92, size_bytes=10)
NOT_RUN = Check(CheckStatus.NOT_RUN, "It gives features.", size_bytes=10)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """Return a run with weights, whose exports start no worker."""
    monkeypatch.setattr(launch, "start_worker", lambda _: None)
    return finished_run("full")


def ended(run: RunFolder, to: Path, checks: dict[str, Check] | None = None, **values: Any) -> RunFolder:
    """Return an export of a run that is over."""
    job = start_export(run, to, ["safetensors"])
    told = {"event": "finished", "time": 2.0, "status": "finished"} | values
    if checks:
        told |= {"folder": str(to), "zip": str(to) + ".zip", "ready": True, "refused": {}}
        told |= {"checks": {name: check.to_json() for name, check in checks.items()}}
    (job.path / "events.jsonl").write_text(json.dumps(told) + "\n", encoding="utf-8")
    return job


def badges(app: AppTest) -> list[str]:
    return [one.value for one in app.markdown if "-badge[" in one.value]


def test_formats_are_cards_and_the_button_starts_their_export(run: RunFolder, tmp_path: Path) -> None:
    app = open_page("export")
    assert not app.exception
    shown = {box.label.strip("*"): box.value for box in app.checkbox}
    fitting = [FORMATS[form] for form in FORMATS if form not in (Format.TIMM, Format.ADAPTER)]
    assert shown == {spec.title: not spec.is_variant for spec in fitting}
    assert "`model.onnx` · about 2.9 MB" in text(app)
    assert badges(app) == []
    app.checkbox(key=key_of("format", "onnx")).uncheck()
    app.checkbox(key=key_of("format", "onnx_int8")).check()
    app.text_input(key=Key.EXPORT_TO).set_value(str(tmp_path / "out"))
    app.button(key="make_export").click().run()
    assert not app.exception
    [job] = list_runs("export")
    settings = job.config()["settings"]
    assert settings["formats"][:5] == ["safetensors", "pt", "pt2", "onnx_uint8", "onnx_int8"]
    assert (settings["to"], settings["weights"], settings["zip"], settings["check"]) == (
        *(str(tmp_path / "out"), "best", True, True),
    )
    assert app.button(key="make_export").disabled
    app.button(key=key_of("cancel", job.name)).click().run()
    assert job.stop_requested()


def test_a_folder_that_is_not_empty_is_one_sentence(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    app = open_page("export")
    app.text_input(key=Key.EXPORT_TO).set_value(str(tmp_path))
    app.button(key="make_export").click().run()
    assert "is not empty" in app.error[0].value
    assert not list_runs("export")


def test_the_report_says_what_passed_and_what_did_not(run: RunFolder, tmp_path: Path) -> None:
    to = tmp_path / "out"
    to.mkdir()
    Path(f"{to}.zip").write_bytes(b"zip")
    names = (Format.SAFETENSORS, Format.SAFETENSORS_FLOAT16, Format.ONNX, Format.BACKBONE)
    ended(run, to, dict(zip(names, (PASSED, HALF, FAILED, NOT_RUN), strict=True)))
    app = open_page("export")
    assert not app.exception
    assert [badge.split("[")[0] for badge in badges(app)] == [
        ":green-badge", ":red-badge", ":green-badge", ":gray-badge",
    ]  # fmt: skip
    assert "checked: 97.8% agree" in badges(app)[2]
    assert app.error[0].value == (r"ONNX failed its check and is not ready: 1 of 45 pictures get another answer: \<b>.")
    assert "45 validation pictures and 92 odd renderings" in app.success[0].value
    assert "Accuracy 80.0%" in app.success[0].value
    assert "Backbone weights: not checked. It gives features." in app.info[0].value
    assert any("A note." in one.value for one in app.caption)
    assert "`model.safetensors` · 2.9 MB · 3 ms a picture, 41 ms for 32" in text(app)
    assert any(str(to) == one.value for one in app.code)


def test_an_export_that_ended_otherwise_is_one_sentence(run: RunFolder, tmp_path: Path) -> None:
    ended(run, tmp_path / "a", status="failed", error="The disk is full.")
    assert open_page("export").error[0].value == "The disk is full."
    ended(run, tmp_path / "a", status="stopped")
    assert "cancelled; nothing was left" in open_page("export").info[0].value


def test_one_at_work_shows_how_far_it_is(run: RunFolder, tmp_path: Path) -> None:
    job = start_export(run, tmp_path / "out", ["safetensors"])
    beat = Heartbeat.of_this_process()
    told = {"state": Status.RUNNING, "doing": "own answers: 3 of 9", "fraction": 0.25, "seconds_left": 12.0}
    held = {name: getattr(beat, name) for name in beat.__slots__} | told
    (job.path / "heartbeat").write_bytes(encode(held))
    app = open_page("export")
    assert not app.exception
    assert app.button(key="make_export").disabled
    assert [bar.proto.text for bar in app.get("progress") if bar.proto.text.startswith("own")] == [
        "own answers: 3 of 9 · 12 s left"
    ], "the frame shows one as well, with the job's name"


def test_the_last_weights_are_a_choice_where_there_are_others(run: RunFolder) -> None:
    epoch = {"event": "epoch", "time": 1, "epoch": 3, "duration_s": 1, "images_per_s": 1}
    with (run.path / "events.jsonl").open("a") as file:
        file.write(json.dumps(epoch | {"val_loss": 1, "val_accuracy": 0.3}) + "\n")
    run.last_weights.write_bytes(run.weights.read_bytes())
    app = open_page("export")
    app.button_group(key=Key.WEIGHTS).set_value("last").run()
    assert not app.exception
    app.button(key="make_export").click().run()
    assert list_runs("export")[0].config()["settings"]["weights"] == "last"
