"""A run on an MLflow server: told in order, taken up again, and never in the way of the run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.unit.jobs.test_tensorboard_logger import EPOCH
from tlviz.finetune.config import configure
from tlviz.jobs import mlflow_logger
from tlviz.jobs.job import Job
from tlviz.jobs.mlflow_logger import EXPERIMENT, VARIABLE
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import DOCTOR, FINETUNE


class Server:
    """As much of MLflow as a run needs, in memory."""

    def __init__(self) -> None:
        self.experiments: list[str] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.connected: list[str] = []

    def connect(self, tracking_uri: str) -> Server:
        self.connected.append(tracking_uri)
        self.gate.wait(20)
        return self

    def get_experiment_by_name(self, name: str) -> Any:
        return SimpleNamespace(experiment_id=name) if name in self.experiments else None

    def create_experiment(self, name: str) -> str:
        self.experiments.append(name)
        return name

    def search_runs(self, experiments: list[str], filter_string: str, max_results: int) -> list[Any]:
        wanted = [name for name in self.runs if filter_string == f"tags.`tlviz.run` = '{self.runs[name]['title']}'"]
        return [SimpleNamespace(info=SimpleNamespace(run_id=name)) for name in wanted][:max_results]

    def create_run(self, experiment: str, run_name: str, tags: dict[str, str]) -> Any:
        assert tags == {"tlviz.run": run_name}
        name = f"id{len(self.runs)}"
        self.runs[name] = {"title": run_name, "params": {}, "metrics": [], "status": "RUNNING", "in": experiment}
        return SimpleNamespace(info=SimpleNamespace(run_id=name))

    def update_run(self, name: str, status: str) -> None:
        self.runs[name]["status"] = status

    def log_batch(self, name: str, metrics: Any = (), params: Any = ()) -> None:
        self.runs[name]["params"].update(dict(params))
        self.runs[name]["metrics"] += [(key, value, step) for key, value, _, step in metrics]

    def set_terminated(self, name: str, status: str) -> None:
        self.runs[name]["status"] = status


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    found = Server()
    package, entities = ModuleType("mlflow"), ModuleType("mlflow.entities")
    package.__spec__ = SimpleNamespace()  # type: ignore[assignment]
    package.MlflowClient = found.connect  # type: ignore[attr-defined]
    entities.Param = lambda *values: values  # type: ignore[attr-defined]
    entities.Metric = lambda *values: values  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow", package)
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    monkeypatch.setenv(VARIABLE, "http://someone:secret@tracking.example:5000")
    for name in mlflow_logger._DEFAULTS:
        monkeypatch.setenv(name, "")  # so that what is set meanwhile is taken back
    yield found
    found.gate.set()


def new_run(kind: str = FINETUNE) -> RunFolder:
    return create_run(kind, "x", configure("squeezenet1_1", "photos", "full", epochs=3).to_json())


def test_settings_epochs_and_the_end_arrive_in_order(server: Server) -> None:
    job = Job(new_run())
    job.mlflow.begin()
    job.mlflow.write(EPOCH | {"epoch": 2})
    job.mlflow.write(EPOCH)
    job.finish(Status.FINISHED, test_accuracy=0.5, best_epoch=2)
    (told,) = server.runs.values()
    assert (told["title"], told["status"], told["in"]) == (job.run.name, "FINISHED", "tlviz")
    assert told["params"]["strategy"] == "full"
    assert told["params"]["epochs"] == "3"
    assert ("accuracy/validation", 0.875, 2) in told["metrics"]
    assert told["metrics"][-1] == ("accuracy/test", 0.5, 2)
    assert [step for *_, step in told["metrics"]] == [2] * 4 + [3] * 4 + [2]


@pytest.mark.parametrize(("status", "told"), [(Status.STOPPED, "KILLED"), (Status.FAILED, "FAILED")])
def test_a_run_taken_up_again_goes_on_where_it_was(
    server: Server, monkeypatch: pytest.MonkeyPatch, status: Status, told: str
) -> None:
    monkeypatch.setenv(EXPERIMENT, "course")
    run = new_run()
    Job(run).finish(status)
    assert [held["status"] for held in server.runs.values()] == [told]
    job = Job(run)
    job.mlflow.begin()
    job.rest("waiting")
    assert [held["status"] for held in server.runs.values()] == ["RUNNING"]
    assert server.experiments == ["course"]


def test_without_the_variable_and_for_other_jobs_nothing_is_contacted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    Job(new_run(DOCTOR)).finish(Status.FINISHED)
    monkeypatch.delenv(VARIABLE)
    job = Job(new_run())
    job.mlflow.write(EPOCH)
    assert job.mlflow._thread is None
    job.finish(Status.FINISHED)
    assert server.connected == []


def test_a_server_that_fails_is_one_line_and_no_password(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("http://someone:secret@tracking.example:5000 refuses")

    monkeypatch.setattr(server, "log_batch", refuse)
    job = Job(new_run())
    for epoch in range(3):
        job.mlflow.write(EPOCH | {"epoch": epoch})
    job.finish(Status.FINISHED)
    assert job.run.status() is Status.FINISHED
    said = capfd.readouterr().err
    assert said == f"MLflow (tracking.example) receives no more data of {job.run.name}: ConnectionError.\n"


def test_a_server_that_hangs_holds_no_epoch_up(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    server.gate.clear()
    monkeypatch.setattr(mlflow_logger, "PATIENCE_S", 0.3)
    job = Job(new_run())
    begun = time.perf_counter()
    for epoch in range(50):
        job.mlflow.write(EPOCH | {"epoch": epoch})
    assert time.perf_counter() - begun < 0.2
    job.finish(Status.FINISHED)
    assert time.perf_counter() - begun < 2
    assert "has not answered yet" in capfd.readouterr().err


def test_the_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "http://tracking.example")
    monkeypatch.setattr(mlflow_logger, "find_spec", lambda _: None)
    Job(new_run()).finish(Status.FINISHED)
    assert "mlflow-skinny is not installed" in capfd.readouterr().err


def test_a_real_store_holds_what_a_real_worker_trained(home: Path, tmp_path: Path) -> None:
    """With the package itself, where it is installed: a worker's run, read back from a file store."""
    pytest.importorskip("mlflow")
    run = create_run(
        FINETUNE, "x", configure("squeezenet1_1", "photos", "head_only", epochs=2, image_size=64).to_json()
    )
    store = tmp_path / "store"
    asked = {VARIABLE: store.as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"}
    done = subprocess.run(
        [sys.executable, "-m", "tlviz.worker", str(run.path)], env=os.environ | asked, capture_output=True, check=False
    )
    assert run.status() is Status.FINISHED, done.stderr.decode()
    (accuracy,) = store.rglob("metrics/accuracy/validation")
    lines = [line.split() for line in accuracy.read_text().splitlines()]
    epochs = [event for event in run.events() if event["event"] == "epoch"]
    assert [(int(step), float(value)) for _, value, step in lines] == [
        (epoch["epoch"], pytest.approx(epoch["val_accuracy"])) for epoch in epochs
    ]
    (strategy,) = store.rglob("params/strategy")
    assert strategy.read_text() == "head_only"
    (about,) = (path for path in store.rglob("meta.yaml") if "run_name" in path.read_text())
    assert "status: 3\n" in about.read_text(), "MLflow's number for FINISHED"
