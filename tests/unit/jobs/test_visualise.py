"""Drawing as a worker's job: the picture in the cache, a stop that leaves nothing, a mistake in one sentence."""

from __future__ import annotations

from dataclasses import asdict

from tests.workers import wait
from tlviz.explore.channels.feature_visualisation import VisualisationRequest, kept_visualisation
from tlviz.explore.partial_forward import weights_digest
from tlviz.home import cache_folder
from tlviz.models.catalogue import find_model
from tlviz.models.load import load_network
from tlviz.runs.launch import start_visualise
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status

MODEL = "squeezenet1_1"


def ended(run: RunFolder) -> Status:
    wait(lambda: run.status().is_over)
    return run.status()


def test_a_job_leaves_its_picture_and_makes_room() -> None:
    request = VisualisationRequest("stem", 5, size=64, steps=12)
    run = start_visualise(MODEL, asdict(request))
    assert start_visualise(MODEL, asdict(request)) == run, "the same drawing is not made twice at once"
    assert ended(run) is Status.FINISHED, run.events()
    found = kept_visualisation(weights_digest(load_network(find_model(MODEL))), request)
    assert found is not None
    assert found.picture.shape == (64, 64, 3)
    assert found.responds is run.events()[-1]["responds"] is True
    assert list_runs("finetune") == []
    other = start_visualise(MODEL, asdict(VisualisationRequest("stem", 6, size=64, steps=12)))
    assert not run.path.exists()
    assert ended(other) is Status.FINISHED


def test_a_stop_in_the_middle_leaves_nothing() -> None:
    run = start_visualise(MODEL, asdict(VisualisationRequest("fire5", 0, size=64, steps=100_000)))
    wait(lambda: "step" in getattr(run.heartbeat(), "doing", "") or run.status().is_over)
    assert run.status() is Status.RUNNING
    run.request_stop()
    assert ended(run) is Status.STOPPED
    assert not cache_folder("drawings").exists()


def test_a_mistake_is_one_sentence() -> None:
    run = start_visualise(MODEL, asdict(VisualisationRequest("fire5", 9999)))
    assert ended(run) is Status.FAILED
    assert run.events()[-1]["error"] == "channel is 9999; fire5 has 256, from 0 to 255."
