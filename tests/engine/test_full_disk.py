"""A disk that fills up, breaks or becomes read-only in the middle of a run: it says so, keeps all, and goes on."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.workers import two_colours
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise

EPOCHS = 3
DRIVER = Path(__file__).with_name("disk_driver.py")
ROOT = Path(__file__).resolve().parents[2]


class Driver:
    """Executes workers one after another."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        )

    def work(self, home: Path, run: RunFolder, trouble: str = "") -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{home}\t{run.path}\t{trouble}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    one = Driver()
    yield one
    one.process.kill()
    one.process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of two classes with eight small pictures each."""
    return two_colours(tmp_path_factory.mktemp("target"), noise=150)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 40 MB, where the system lets this process do that."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def make(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setenv("TLVIZ_HOME", str(home))
    values = {"epochs": EPOCHS, "patience": 100, "image_size": 64, "batch_size": 8, "freeze": 6, "threads": 1}
    config = configure("squeezenet1_1", str(folder), "two_phase", **values)  # type: ignore[arg-type]
    return create_run("finetune", "disk", config.to_json())


def free(place: Path) -> int:
    state = os.statvfs(place)
    return state.f_bavail * state.f_frsize


@contextmanager
def filled(place: Path, left: int) -> Iterator[None]:
    """Fill a disk until so many bytes are left, for the length of a block."""
    filler = place / "filler"
    filler.write_bytes(bytes(max(0, free(place) - left)))
    yield
    filler.unlink()


@contextmanager
def hungry(run: RunFolder, place: Path, epoch: int) -> Iterator[None]:
    """Take every byte of a disk as soon as it is free, once a run has recorded an epoch."""
    is_over, filler = threading.Event(), place / "filler"

    def eat() -> None:
        with filler.open("wb", buffering=0) as file:
            while not is_over.is_set():
                if summarise(run).epochs_run >= epoch and summarise(run).epochs:
                    while not is_over.is_set():
                        try:
                            file.write(bytes(4096))
                        except OSError:
                            time.sleep(0.0005)
                time.sleep(0.01)

    eater = threading.Thread(target=eat)
    eater.start()
    yield
    is_over.set()
    eater.join()
    filler.unlink()


def curve(run: RunFolder) -> list[tuple[float, ...]]:
    return [(e["epoch"], e["train_loss"], e["val_loss"], e["val_accuracy"]) for e in summarise(run).epochs]


def check_whole(run: RunFolder, whole: RunFolder) -> None:
    """Check that every line of the events is whole, and what is recorded of an epoch is there and right."""
    events = run.path / "events.jsonl"
    lines = events.read_bytes().splitlines(keepends=True) if events.exists() else []
    assert all(line.endswith(b"\n") and isinstance(json.loads(line), dict) for line in lines)
    done = curve(run)
    assert done == curve(whole)[: len(done)]
    if done:
        assert load_file(run.weights)
    if run.last_state.exists():
        assert torch.load(run.last_state, weights_only=True)["epoch"] >= len(done) - 2
    assert not [file.name for file in run.path.iterdir() if file.name.startswith((".best", ".last", ".predictions"))]


def check_goes_on(driver: Driver, home: Path, run: RunFolder, whole: RunFolder) -> None:
    """Check that a run, taken up again, ends as one that was never interrupted."""
    run.request_resume()
    assert driver.work(home, run) == 0, summarise(run).error
    assert run.status() is Status.FINISHED
    assert curve(run) == curve(whole)
    one, two = load_file(run.weights), load_file(whole.weights)
    assert all(torch.equal(one[name], two[name]) for name in one | two)


@pytest.mark.parametrize("points", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_disk_that_fills_up_at_any_moment(
    points: int, folder: Path, disk: Path, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = free(disk)
    whole = make(folder, disk, monkeypatch)
    assert driver.work(disk, whole) == 0, summarise(whole).error
    needed = before - free(disk)
    ended = 0
    for at in range(points):
        run = make(folder, disk, monkeypatch)
        with filled(disk, int(needed * (at + 0.5) / points)):
            status = driver.work(disk, run)
            summary = summarise(run)
            if status:
                ended += 1
                assert (status, summary.status) == (2, Status.FAILED), summary.error
                assert str(summary.error).startswith("The disk is full. Cannot write"), summary.error
            check_whole(run, whole)
        if status:
            check_goes_on(driver, disk, run, whole)
        run.delete()
    assert ended >= points // 2, "the disk did fill up"


@pytest.mark.parametrize("epoch", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_disk_that_others_fill_as_soon_as_there_is_room(
    epoch: int, folder: Path, disk: Path, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, run = make(folder, disk, monkeypatch), make(folder, disk, monkeypatch)
    assert driver.work(disk, whole) == 0
    with hungry(run, disk, epoch):
        status = driver.work(disk, run)
    check_whole(run, whole)
    if status:
        assert str(summarise(run).error).startswith("The disk is full. Cannot write"), summarise(run).error
        check_goes_on(driver, disk, run, whole)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        pytest.param(errno.ENOSPC, "The disk is full. Cannot write", marks=pytest.mark.slow),
        (errno.EDQUOT, "The disk is full: all that you may use"),
        pytest.param(errno.EIO, "its disk could not be written", marks=pytest.mark.slow),
        (errno.EROFS, "its disk could not be written"),
    ],
)
def test_a_disk_that_answers_no_more(
    number: int, words: str, folder: Path, home: Path, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("the worker is forked and looks into /proc")
    whole, run = make(folder, home, monkeypatch), make(folder, home, monkeypatch)
    assert driver.work(home, whole) == 0, summarise(whole).error
    assert driver.work(home, run, f"{number},14") == 2
    summary = summarise(run)
    assert summary.status is Status.FAILED
    assert words in str(summary.error)
    check_whole(run, whole)
    check_goes_on(driver, home, run, whole)
