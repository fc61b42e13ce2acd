"""The doctor as a worker's job: report, stop, and no waiting behind training."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from tests.painted import paint
from tests.workers import over, wait
from tlviz.diagnose.doctor import check_dataset, known_report
from tlviz.export.bundle import read_header
from tlviz.export.run_images import load_run_images
from tlviz.finetune.config import configure
from tlviz.home import home, make_folder
from tlviz.runs.launch import start_doctor, start_finetune
from tlviz.runs.store.device import lane
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status


@pytest.fixture
def target(tmp_path: Path) -> Path:
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for at in range(8):
            paint(100 * label + at).save(tmp_path / "pets" / name / f"{at}.png")
    shutil.copy(tmp_path / "pets/cat/0.png", tmp_path / "pets/cat/copy.png")
    return tmp_path / "pets"


def test_a_job_leaves_its_report_and_a_second_one_is_quick(target: Path) -> None:
    run = start_doctor(str(target))
    assert known_report(str(target)) is None
    wait(lambda: over(run))
    assert run.status() is Status.FINISHED, run.events()
    report = known_report(str(target))
    assert report is not None
    assert [finding.problem for finding in report.findings] == [f"the same bytes as {Path('cat/0.png')}"]
    assert run.events()[-1]["findings"] == 1
    assert report == check_dataset(str(target))
    again = start_doctor(str(target))
    wait(lambda: over(again))
    assert again.events()[-1]["duration_s"] < 2
    assert not run.path.exists(), "looks that are over make room"


def test_it_does_not_wait_behind_training_and_is_no_training_run(target: Path) -> None:
    assert lane("files") != lane("auto")
    run = start_doctor(str(target), features=False)
    with FileLock(next_lock(lane("auto"))):
        wait(lambda: over(run))
    assert run.status() is Status.FINISHED
    assert list_runs("finetune") == []
    assert list_runs("doctor") == list_runs() == [run]


def next_lock(line: str) -> Path:
    import socket

    return make_folder(home() / "locks") / f"{socket.gethostname()}-{line}.lock"


def test_a_stop_is_heeded_while_it_waits_or_works(target: Path) -> None:
    with FileLock(next_lock("files")):
        run = start_doctor(str(target))
        run.request_stop()
        wait(lambda: over(run))
    assert run.status() is Status.STOPPED
    assert known_report(str(target)) is None


def test_a_mistake_is_one_sentence(tmp_path: Path) -> None:
    run = start_doctor(str(tmp_path / "nowhere"))
    wait(lambda: over(run))
    assert run.status() is Status.FAILED
    assert "does not exist" in run.events()[-1]["error"]


def test_copies_the_doctor_found_stay_in_one_part_in_the_run_and_in_its_export(tmp_path: Path) -> None:
    """Ten pictures, each four times: drawn one by one, some copies would be in both parts."""
    root = tmp_path / "copies"
    for label in ("a", "b"):
        (root / label).mkdir(parents=True)
        for at in range(5):
            picture = paint(at + 50 * (label == "b"))
            for copy in range(4):
                picture.save(root / label / f"{at}_{copy}.png")
    check_dataset(str(root), features=False)
    run = start_finetune(configure("squeezenet1_1", str(root), "head_only", epochs=1, image_size=64))
    wait(lambda: run.status().is_over)
    copies = next(event["copies"] for event in run.events() if event["event"] == "started")
    assert sorted(map(len, copies)) == [4] * 10
    here = load_run_images(read_header(run.weights))
    images, validation = here.images, here.split.validation
    held_out = {images.names[at] for at in validation}
    assert all(set(group) <= held_out or not set(group) & held_out for group in copies)
    assert 0 < len(held_out) < 40
