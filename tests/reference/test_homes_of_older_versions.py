"""What version 0.1.0 left in its home opens today: runs, a race, a layer profile, links.

``home-0.1.tar.xz`` was written by that version: a run of ``last_stages`` (photos at 64 pixels, eight epochs, one stage
unfrozen at the third) that was stopped after two epochs, a race of two finished runs, whose weights were taken out, and
a profile.  That version resumed the run to the accuracies in ``RESUMED``.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tlviz.cli import main
from tlviz.diagnose.profile_store import load_profile
from tlviz.runs.races.race import read_race
from tlviz.runs.store.folder import find_run, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import summarise

ARCHIVE = Path(__file__).with_name("home-0.1.tar.xz")
STOPPED = "20261130-070136-squeezenet1_1-photos-last_stages-3d72"
RACE = "20261130-070225-race-photos-strategy-93c8"
MEMBERS = {"head_only": 0.7142857313156128, "gradual": 0.7142857313156128}
VALIDATION_IMAGES = 35
RESUMED = [0.742857, 0.8, 0.8, 0.771429, 0.742857, 0.771429]
"""What the old version's run reached in its epochs 3 to 8."""


@pytest.fixture
def old_home(home: Path) -> Path:
    """Unpack the old home where this test's own is."""
    home.mkdir(parents=True)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(home, members=archive.getmembers()[1:], filter="data")
    for found in (home / "home").iterdir():
        found.rename(home / found.name)
    return home


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_old_runs_are_listed_and_shown(old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {run.name for run in list_runs(FINETUNE)} >= {STOPPED}
    row = shown(capsys, "runs", "show", STOPPED)
    assert (row["strategy"], row["epochs_run"], row["status"]) == ("last_stages", 2, "stopped")
    assert row["config"]["unfreeze"] == "3:8"
    assert row["config"]["unfreeze_factor"] == 0.5


def test_an_old_run_goes_on_to_the_same_end(old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = shown(capsys, "runs", "resume", STOPPED)
    assert ended["status"] == "finished"
    assert ended["epochs_run"] == 8
    epochs = [event for event in find_run(STOPPED).events() if event["event"] == "epoch" and event["epoch"] > 2]
    assert [event["epoch"] for event in epochs] == [3, 4, 5, 6, 7, 8]
    for event, then in zip(epochs, RESUMED, strict=True):
        assert event["val_accuracy"] == pytest.approx(then, abs=2 / VALIDATION_IMAGES)  # another machine may round


def test_an_old_race_has_its_standings(old_home: Path) -> None:
    runs = {summarise(run).strategy: summarise(run) for run in list_runs(FINETUNE) if run.name != STOPPED}
    assert {name: run.best_val_accuracy for name, run in runs.items()} == MEMBERS
    assert all(run.status is Status.FINISHED for run in runs.values())
    race = read_race(find_run(RACE))
    assert {member.value for member in race.members} == set(MEMBERS)


def test_an_old_profile_is_read(old_home: Path) -> None:
    (path,) = (old_home / "cache" / "profiles").iterdir()
    profile = load_profile(path)
    assert profile is not None
    assert (profile.model, profile.data, profile.images) == ("squeezenet1_1", "photos", 60)
    assert profile.stages[0].probe == pytest.approx(0.29987373, abs=1e-6)
