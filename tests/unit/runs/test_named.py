"""A run is meant by its folder's name, its own name, a unique beginning of either, ``last``, or a path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tlviz.errors import UnknownNameError
from tlviz.home import runs_folder
from tlviz.runs.named import RunNameError, named_run
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.kinds import FINETUNE, PROFILE, RACE


def make(name: str, kind: str = FINETUNE, own: str = "") -> RunFolder:
    made = create_run(kind, "x", {"model": "squeezenet1_1", "data": "photos", "strategy": "full"})
    run = RunFolder(made.path.rename(runs_folder() / name))
    if own:
        write_notes(run, Notes(own, "", ()))
    return run


@pytest.fixture
def runs() -> dict[str, RunFolder]:
    return {
        "old": make("20260101-100000-photos-full", own="Baseline"),
        "new": make("20260101-110000-photos-full", own="Baseline, wider"),
        "race": make("20260102-100000-race-photos", RACE),
        "profile": make("20260103-100000-profile-photos", PROFILE),
    }


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("20260101-100000-photos-full", "old"),
        ("20260101-11", "new"),
        ("20260102", "race"),
        ("Baseline", "old"),
        ("baseline", "old"),
        ("BASELINE, w", "new"),
        ("last", "new"),
        ("20260103-100000-profile-photos", "profile"),
    ],
)
def test_a_name_a_unique_beginning_or_last_means_one_run(runs: dict[str, RunFolder], given: str, meant: str) -> None:
    assert named_run(given).path == runs[meant].path


def test_a_path_means_its_folder(runs: dict[str, RunFolder], tmp_path: Path) -> None:
    elsewhere = runs["old"].path.rename(tmp_path / "carried")
    assert named_run(str(elsewhere)).path == elsewhere


def test_an_own_name_with_a_slash_is_a_name(runs: dict[str, RunFolder]) -> None:
    write_notes(runs["new"], Notes("photos/wide", "", ()))
    assert named_run("photos/wide").path == runs["new"].path


def test_several_that_fit_are_listed_newest_first_and_a_few_only(runs: dict[str, RunFolder]) -> None:
    both = "20260101-110000-photos-full, 20260101-100000-photos-full"
    with pytest.raises(RunNameError, match=f"^'20260101' fits 2 runs: {both}; give more of the name.$"):
        named_run("20260101")
    for at in range(6):
        make(f"2027010{at + 1}-100000-x", own="twin")
    with pytest.raises(RunNameError, match=re.escape("20270103-100000-x and 2 more; give more")):
        named_run("twin")


@pytest.mark.parametrize("given", ["", "nothing", "20260103", "photos", "/nowhere/at/all"])
def test_what_means_no_run_is_one_sentence(runs: dict[str, RunFolder], given: str) -> None:
    with pytest.raises(UnknownNameError, match=f"^There is no run called '{given}'; "):
        named_run(given)


def test_last_without_a_fine_tuning_run_says_so() -> None:
    make("20260102-100000-race-photos", RACE)
    with pytest.raises(RunNameError, match=r"There is no fine-tuning run yet; start one with: .*tlviz finetune"):
        named_run("last")
