"""Bringing a target onto this machine as a worker's job."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.workers import over, two_colours, wait
from tlviz.finetune.config import configure
from tlviz.runs.launch import end_worker, start_finetune, start_ingest
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of two classes with eight small pictures each."""
    return two_colours(tmp_path_factory.mktemp("target"))


def start(folder: Path, **chosen: object) -> RunFolder:
    values = {"epochs": 2, "image_size": 64, "freeze": 9} | chosen
    return start_finetune(configure("squeezenet1_1", str(folder), "last_stages", **values))


def test_ingest_does_not_wait_behind_training(folder: Path, tmp_path: Path) -> None:
    training = start(folder, epochs=1000)
    archive = shutil.make_archive(str(tmp_path / "colours"), "zip", folder)
    geometry = {"size": 32, "fit": "pad", "interpolation": "bilinear", "crop_fraction": 1.0}
    fetched = start_ingest(archive, geometry=geometry)
    wait(lambda: over(fetched))
    assert not over(training)
    end_worker(training)
    done = fetched.events()[-1]
    assert fetched.status() is Status.FINISHED, done
    assert (done["classes"], done["images"], done["problems"]) == (2, 16, 0)
    assert Path(done["data"]).parent.name == "datasets"
    assert list_runs("finetune") == [training]


def test_an_ingest_that_cannot_be_says_why(tmp_path: Path) -> None:
    failed = start_ingest(str(tmp_path / "gone.zip"))
    wait(lambda: over(failed))
    assert failed.status() is Status.FAILED
    assert "gone.zip does not exist" in failed.events()[-1]["error"]
