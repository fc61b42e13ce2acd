"""Fine-tuning as a worker's job: its pictures, and what it records of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.painted import paint
from tests.workers import over, wait
from tlviz.data.sources.notes import exclude
from tlviz.diagnose.doctor import check_dataset
from tlviz.errors import BadDatasetError, BadWeightsError
from tlviz.export.bundle import read_header
from tlviz.export.run_images import load_run_images
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import configure
from tlviz.jobs.finetune import Shared, execute
from tlviz.jobs.job import Job
from tlviz.runs.launch import start_finetune
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise


@pytest.fixture
def target(tmp_path: Path) -> Path:
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for at in range(8):
            paint(100 * label + at).save(tmp_path / "pets" / name / f"{at}.png")
    shutil.copy(tmp_path / "pets/cat/0.png", tmp_path / "pets/cat/copy.png")
    return tmp_path / "pets"


def test_a_training_run_lists_what_was_excluded(target: Path) -> None:
    exclude(str(target), {str(Path("cat/copy.png")): "a duplicate"})
    run = start_finetune(configure("squeezenet1_1", str(target), "head_only", epochs=1, image_size=64))
    wait(lambda: over(run))
    summary = summarise(run)
    assert summary.status is Status.FINISHED, summary.error
    assert summary.start_event["excluded"] == [str(Path("cat/copy.png"))]


def test_runs_of_a_race_split_alike_although_the_doctor_finds_copies_meanwhile(target: Path) -> None:
    configs = [configure("squeezenet1_1", str(target), "head_only", epochs=1, image_size=64, seed=0, threads=1)] * 2
    shared, told = Shared(PrefixCachePool(0)), []
    for config in configs:
        run = create_run("finetune", "in a race", config.to_json())
        execute(Job(run), config.to_json(), shared)
        told.append(next(event for event in run.events() if event["event"] == "started"))
        report = check_dataset(str(target), features=False)
    assert report.groups, "a run of its own would keep these together now"
    assert told[0]["copies"] == told[1]["copies"] == []


def test_a_run_is_not_taken_up_on_other_pictures(target: Path) -> None:
    settings = configure("squeezenet1_1", str(target), "head_only", epochs=2, image_size=64, threads=1).to_json()
    run = create_run("finetune", "then", settings)
    execute(Job(run), settings, until=1)
    paint(77).save(target / "cat" / "new.png")
    with pytest.raises(BadDatasetError, match="some were added, removed"):
        execute(Job(run), settings)
    (target / "cat" / "new.png").unlink()
    assert execute(Job(run), settings)["reason"] == "epochs"


def test_a_run_of_a_version_that_sorted_numbers_as_text_goes_on(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (target / "cat").rename(target / "10")
    (target / "dog").rename(target / "9")
    settings = configure("squeezenet1_1", str(target), "head_only", epochs=2, image_size=64, threads=1).to_json()
    run = create_run("finetune", "then", settings)
    with monkeypatch.context() as then:
        then.setattr("tlviz.data.sources.folder.in_order", lambda names: tuple(sorted(set(names))))
        execute(Job(run), settings, until=1)
    assert next(iter(run.events()))["classes"] == ["10", "9"]
    assert execute(Job(run), settings)["reason"] == "epochs"
    assert load_run_images(read_header(run.weights)).images.classes == ("10", "9")


def test_a_run_does_not_begin_on_a_target_that_can_be_read_in_two_ways(target: Path, tmp_path: Path) -> None:
    shutil.copytree(target, tmp_path / "both" / "one")
    shutil.copytree(target, tmp_path / "both" / "two")
    settings = configure("squeezenet1_1", str(tmp_path / "both"), "head_only", epochs=1, image_size=64).to_json()
    run = create_run("finetune", "by hand", settings)
    with pytest.raises(BadDatasetError, match="say --layout classes or --layout leaves; or choose on the Target page"):
        execute(Job(run), settings)
    settings |= {"layout": "leaves"}
    run = create_run("finetune", "decided", settings)
    assert execute(Job(run), settings)["reason"] == "epochs"
    started = next(event for event in run.events() if event["event"] == "started")
    assert started["classes"] == ["cat", "dog"]
    assert started["reading"]["layout"] == "2 classes, the innermost folders"


def test_a_run_is_not_taken_up_on_pictures_of_another_content(target: Path) -> None:
    settings = configure("squeezenet1_1", str(target), "head_only", epochs=2, image_size=64, threads=1).to_json()
    run = create_run("finetune", "then", settings)
    execute(Job(run), settings, until=1)
    shutil.copy(target / "dog" / "3.png", target / "kept.png.old")
    paint(5).save(target / "dog" / "3.png")
    (target / "cat" / "1.png").touch()
    with pytest.raises(BadDatasetError, match=r"content of 1 of the pictures .* has changed .*: dog.3\.png\. Put"):
        execute(Job(run), settings)
    shutil.copy(target / "kept.png.old", target / "dog" / "3.png")
    (target / "kept.png.old").unlink()
    assert execute(Job(run), settings)["reason"] == "epochs", "a file that is only newer is the same"


@pytest.mark.parametrize("state", ["folder", "pipe", "link"])
def test_what_lies_in_the_place_of_a_state_is_one_sentence(target: Path, state: str) -> None:
    settings = configure("squeezenet1_1", str(target), "head_only", epochs=2, image_size=64, threads=1).to_json()
    run = create_run("finetune", "then", settings)
    if state == "folder":
        run.last_state.mkdir()
    elif state == "pipe":
        os.mkfifo(run.last_state)
    else:
        run.last_state.symlink_to("/dev/zero")
    with pytest.raises(BadWeightsError, match=r"last state, .*last\.pt, cannot be read"):
        execute(Job(run), settings)
