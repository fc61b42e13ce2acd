"""Run folders of the version that said thaw: they open, resume to the same weights, and are cloned and told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tlviz.cli import main
from tlviz.finetune.config import FinetuneConfig
from tlviz.home import runs_folder
from tlviz.runs.curves import CurveReader
from tlviz.runs.races.race import read_race
from tlviz.runs.store.folder import RunFolder, create_run, find_run
from tlviz.runs.store.former import present_event, present_settings
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise
from tlviz.worker import main as work

MADE_BEFORE = Path(__file__).parents[1] / "made_before"
"""A run that the earlier version made and stopped after epoch 3 of 4, without its best weights, 14 MB."""
LAST_LOSS = 1.4198681116104126
"""Validation loss of epoch 4 where the earlier version itself took the run up again."""


@pytest.fixture
def run() -> RunFolder:
    """The earlier version's run among those of this home."""
    path = runs_folder() / "20261130-070725-tf_efficientnet_lite0-photos-two_phase-118b"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(MADE_BEFORE, path)
    return find_run(path.name)


def test_it_is_what_an_earlier_version_wrote() -> None:
    settings = json.loads((MADE_BEFORE / "config.json").read_text())["settings"]
    assert (settings["thaw"], settings["thaw_factor"]) == ("2:8", 0.5)
    assert "unfreeze" not in settings
    assert '"event": "unfroze"' in (MADE_BEFORE / "events.jsonl").read_text()


def test_it_opens_under_the_present_names(run: RunFolder) -> None:
    config = FinetuneConfig.from_json(json.loads((run.path / "config.json").read_text())["settings"])
    assert (config.unfreeze, config.unfreeze_factor) == ("2:8", 0.5)
    summary = summarise(run)
    assert (summary.status, summary.settings["unfreeze"]) == (Status.STOPPED, "2:8")
    assert [phase["event"] for phase in summary.phases] == ["started", "unfrozen"]
    assert summary.trainable_parameters == summary.phases[1]["trainable_parameters"] > 0
    assert CurveReader().read(run)[1].switches == (2,)


def test_it_is_shown_and_reported(run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "show", run.name, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["config"]["unfreeze_factor"] == 0.5
    assert [phase["from_epoch"] for phase in shown["phases"]] == [1, 2]
    assert main(["runs", "report", run.name, "--to", str(tmp_path / "report.html")]) == 0
    assert "unfreeze" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_it_is_resumed_to_what_it_would_have_become(run: RunFolder) -> None:
    run.request_resume()
    assert work(str(run.path)) == 0
    events = run.events()
    assert [event["event"] for event in events].count("unfrozen") == 1, "what was told is not told again"
    assert (events[-1]["status"], events[-1]["best_epoch"]) == (Status.FINISHED, 4)
    last = [event for event in events if event["event"] == "epoch"][-1]
    assert (last["epoch"], last["val_loss"]) == (4, pytest.approx(LAST_LOSS, rel=1e-4))


def test_a_race_over_a_setting_of_a_former_name_is_read() -> None:
    members = [{"model": "x", "strategy": "two_phase", "thaw_factor": value, "seed": 0} for value in (0.1, 1.0)]
    race = create_run("race", "x", {"sweep": "thaw_factor", "members": [*members, "damaged"]})
    found = read_race(race)
    assert found.sweep == "unfreeze_factor"
    assert [member.words for member in found.members] == ["unfreeze factor 0.1", "unfreeze factor 1"]


def test_only_former_names_change() -> None:
    assert present_settings({"thaw": "3:0", "epochs": 4}) == {"unfreeze": "3:0", "epochs": 4}
    assert present_settings({"sweep": None, "members": "damaged"}) == {"sweep": None, "members": "damaged"}
    assert present_event({"event": "epoch", "epoch": 1}) == {"event": "epoch", "epoch": 1}
    assert present_event({"event": "unfroze", "epoch": 2}) == {"event": "unfrozen", "epoch": 2}
