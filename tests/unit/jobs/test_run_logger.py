"""What a run leaves behind is written beside the training, whole and in order."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.errors import StorageError
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.events import StopReason
from tlviz.finetune.retention import Retention
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.jobs import run_logger
from tlviz.jobs.finetune import execute
from tlviz.jobs.job import Job
from tlviz.jobs.run_logger import RunLogger
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, architecture_stages
from tlviz.models.stages import owns
from tlviz.models.weights import read_weights
from tlviz.runs.store.folder import RunFolder, create_run


def run_of(
    network: Network, images: ImageSet, should_stop: Callable[[], bool] = lambda: False, **chosen: object
) -> tuple[RunFolder, RunLogger]:
    values = {"epochs": 4, "batch_size": 16, "image_size": 64, "gauges": False, "patience": 100} | chosen
    config = configure("squeezenet1_1", "clipart", "two_phase", **values)
    own = replace(network, module=copy.deepcopy(network.module))
    split = split_images(images.labels, images.parts, config.seed)
    state = State(Session(own, images, split, config, torch.device("cpu"), should_stop))
    run = create_run("finetune", "logged", config.to_json())
    return run, RunLogger(Job(run), state, 0.0)


def slowly(work: Callable[..., None], begun: threading.Event) -> Callable[..., None]:
    """Let the first write of a state wait until the epoch after it trains."""

    def write(path: Path, content: bytes) -> None:
        if path.name == "last.pt" and not begun.is_set():
            assert begun.wait(20), "training waited for the disk"
        work(path, content)

    return write


def test_the_next_epoch_trains_while_one_is_written(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    monkeypatch.setattr(run_logger, "write_atomic", slowly(run_logger.write_atomic, begun))
    monkeypatch.setattr(RunLogger, "_show", lambda *_: begun.set())
    run, written = run_of(tiny, colours)
    assert written.write() is StopReason.EPOCHS
    told = [(event["event"], event.get("epoch")) for event in run.events()]
    assert told == [
        *(("started", None), ("epoch", 0), ("epoch", 1), ("epoch", 2)),
        *(("unfrozen", 3), ("epoch", 3), ("epoch", 4)),
    ]
    assert run.weights.exists()


@pytest.mark.parametrize("epoch", [1, 4])
def test_what_cannot_be_written_ends_the_run(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    write, seen = run_logger.write_atomic, []

    def fail(path: Path, content: bytes) -> None:
        seen.append(path.name)
        if seen.count("last.pt") == epoch + 1:
            raise StorageError("The disk is full.")
        write(path, content)

    monkeypatch.setattr(run_logger, "write_atomic", fail)
    run, written = run_of(tiny, colours)
    with pytest.raises(StorageError, match="disk is full"):
        written.write()
    assert run.last_state.exists(), "the epoch before can be resumed from"
    assert [event["epoch"] for event in run.events() if event["event"] == "epoch"][-1] == epoch


def test_all_is_written_where_training_breaks_off(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(state: State) -> object:
        for event in train(state):
            yield event
            if state.epoch == 2:
                raise ValueError("broken")

    monkeypatch.setattr(run_logger, "train", breaks)
    run, written = run_of(tiny, colours)
    with pytest.raises(ValueError, match="broken"):
        written.write()
    assert [event["epoch"] for event in run.events() if event["event"] == "epoch"] == [0, 1, 2]
    assert run.last_state.exists()


def test_what_is_large_is_written_before_training_goes_on(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_logger, "LARGE", 10)
    _, written = run_of(tiny, colours)
    seen: list[bool] = []
    monkeypatch.setattr(RunLogger, "_show", lambda self, _: seen.append(self._writing is None))
    written.write()
    assert seen
    assert all(seen)


def test_the_saved_file_holds_the_sources_own_bytes_for_frozen_stages_with_batchnorm() -> None:
    """From the weights file through the job to the file a person takes home, on a bundled network."""
    model = "tf_efficientnet_lite0"
    settings = configure(model, "photos", "last_stages", epochs=1, image_size=64, threads=1, gauges=False).to_json()
    run = create_run("finetune", "bytes", settings)
    execute(Job(run), settings)
    source, saved = read_weights(find_model(model)), load_file(run.weights)
    started = next(event for event in run.events() if event["event"] == "started")
    stages = [stage for stage in architecture_stages(find_model(model), 2) if stage.name in started["frozen"]]
    frozen = {name for name in source if any(owns(stage, name) for stage in stages)}
    assert sum("running_mean" in name for name in frozen) > 10
    assert all(torch.equal(source[name], saved[name]) for name in frozen)
    tuned = [name for name in source.keys() - frozen if source[name].shape == saved[name].shape]
    assert sum(not torch.equal(source[name], saved[name]) for name in tuned) > 50


class Seen:
    """Stands for the gauge: takes down the head's bias of every network it is asked to read."""

    def __init__(self, *_: object) -> None:
        self.biases: list[list[float]] = []

    def read(self, module: nn.Module) -> Retention:
        self.biases.append(module.get_parameter("fc.bias").tolist())
        return Retention(0.5, {"stem": 0.5}, 0.1)


def readings(run: RunFolder) -> list[tuple[str, int, float | None]]:
    return [(e["moment"], e["epoch"], e["source_agreement"]) for e in run.events() if e["event"] == "gauged"]


def test_a_stopped_run_is_gauged_at_its_best_epoch(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The saved weights are read: those in the network are of half an epoch."""
    gauge, asked = Seen(), [False]
    saved = replace(tiny, module=copy.deepcopy(tiny.module))
    monkeypatch.setattr(run_logger, "SourceGauge", lambda *_: gauge)
    monkeypatch.setattr(run_logger, "load_bundle", lambda _: saved)
    monkeypatch.setattr(RunLogger, "_show", lambda _, now: asked.__setitem__(0, (now.epoch, now.step) == (3, 2)))
    run, written = run_of(tiny, colours, lambda: asked[0], gauges=True)
    assert written.write() is StopReason.REQUEST
    best = written._state.best
    assert best is not None
    assert [reading for reading in readings(run) if reading[0] != "start"] == [("best", best.epoch, 0.5)]
    assert gauge.biases == [saved.module.get_parameter("fc.bias").tolist()]


def test_a_run_that_went_to_its_end_is_gauged_there_and_at_its_best_epoch(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    gauge = Seen()
    saved = replace(tiny, module=copy.deepcopy(tiny.module))
    monkeypatch.setattr(run_logger, "SourceGauge", lambda *_: gauge)
    monkeypatch.setattr(run_logger, "load_bundle", lambda _: saved)
    run, written = run_of(tiny, colours, gauges=True, head_lr=1.0, backbone_lr=1.0, monitor="loss")
    assert written.write() is StopReason.EPOCHS
    best = written._state.best
    assert best is not None
    assert best.epoch < 4
    assert readings(run)[1:] == [("end", 4, 0.5), ("best", best.epoch, 0.5)]
    live = written._state.module.get_parameter("fc.bias").tolist()
    assert gauge.biases == [live, saved.module.get_parameter("fc.bias").tolist()]


def test_a_run_stopped_before_its_first_epoch_has_nothing_to_gauge(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, written = run_of(tiny, colours, lambda: True, gauges=True)
    assert written.write() is StopReason.REQUEST
    assert [moment for moment, _, _ in readings(run)] == ["start"]


def test_a_trained_run_does_not_fail_where_memory_lacks_for_its_gauges(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(run_logger, "SourceGauge", fail)
    run, written = run_of(tiny, colours, gauges=True)
    assert written.write() is StopReason.EPOCHS
    assert [reading for reading in readings(run) if reading[0] == "end"] == [("end", 4, None)]
    assert [event["similarity"] for event in run.events() if event.get("moment") == "best"] == [{}]
    assert "not enough memory to compare the trained network with its source: CUDA out" in capsys.readouterr().err


def test_other_errors_of_the_gauges_stay_what_they_are(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(run_logger, "SourceGauge", fail)
    _, written = run_of(tiny, colours, gauges=True)
    with pytest.raises(RuntimeError, match="a defect"):
        written.write()
