"""A run's settings and epochs, also logged on the MLflow server that ``MLFLOW_TRACKING_URI`` names, where it is set.

MLflow is no requirement.  Everything is sent from a thread of its own, so that no server makes a run wait or fail:
what goes wrong is one line in the worker's log, and the rest of the run is not sent.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from tlviz.jobs.tensorboard_logger import scalars
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE

VARIABLE, EXPERIMENT = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"
RUN_TAG = "tlviz.run"
PATIENCE_S = 10.0
"""At its end a run waits at most this long for data not sent yet."""

_ENDS = {Status.FINISHED: "FINISHED", Status.STOPPED: "KILLED", Status.FAILED: "FAILED"}
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "4",
}
"""MLflow's own retries last for minutes, and it reports its use to its makers."""
_MOST_PARAMETERS, _LONGEST = 100, 500

Send = Callable[[Any, str], object]


class MlflowLogger:
    """Sends one run to MLflow, in the order told; does nothing at all without the variable."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._queue: SimpleQueue[Send | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Send the settings."""
        self._put(lambda _client, _name: None)

    def write(self, epoch: Mapping[str, Any]) -> None:
        """Send an epoch's losses, accuracies and rates, named as in TensorBoard."""
        metrics, step = scalars(epoch), int(epoch["epoch"])
        self._put(lambda client, name: client.log_batch(name, metrics=_metrics(metrics, step)))

    def end(self, status: Status, values: Mapping[str, Any]) -> None:
        """Send how the run ended, and its test accuracy where it has one; then ``close``."""
        if status not in _ENDS:
            return
        accuracy = values.get("test_accuracy")

        def send(client: Any, name: str) -> None:
            if accuracy is not None:
                client.log_batch(name, metrics=_metrics({"accuracy/test": accuracy}, values.get("best_epoch") or 0))
            client.set_terminated(name, _ENDS[status])

        self._put(send)
        self.close()

    def close(self) -> None:
        """Wait for what is not sent yet, but not for long."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._queue.put(None)
        thread.join(PATIENCE_S)
        if thread.is_alive():
            _say("has not answered yet; data not sent by now may be missing there")

    def _put(self, send: Send) -> None:
        if not os.environ.get(VARIABLE):
            return
        self._queue.put(send)
        if self._thread is None:
            self._thread = threading.Thread(target=self._send_all, daemon=True)
            self._thread.start()

    def _send_all(self) -> None:
        try:
            if self._run.config()["kind"] != FINETUNE:
                return
            if find_spec("mlflow") is None:
                _say("is not used: the package mlflow-skinny is not installed")
                return
            client = _connect()
            name = _find_or_create(client, self._run)
            while (send := self._queue.get()) is not None:
                send(client, name)
        except Exception as error:  # noqa: BLE001 (whatever a foreign library meets, the run goes on without it)
            _say(f"receives no more data of {self._run.name}: {type(error).__name__}")


def _connect() -> Any:
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    return import_module("mlflow").MlflowClient(tracking_uri=os.environ[VARIABLE])


def _find_or_create(client: Any, run: RunFolder) -> str:
    """Return the MLflow name of a run: the one it was given before an interruption, or a new one with its settings."""
    title = os.environ.get(EXPERIMENT) or "tlviz"
    known = client.get_experiment_by_name(title)
    experiment = known.experiment_id if known else client.create_experiment(title)
    quote = '"' if "'" in run.name else "'"
    asked = f"tags.`{RUN_TAG}` = {quote}{run.name}{quote}"
    found = client.search_runs([experiment], filter_string=asked, max_results=1)
    if found:
        name = str(found[0].info.run_id)
        client.update_run(name, status="RUNNING")
        return name
    name = str(client.create_run(experiment, run_name=run.name, tags={RUN_TAG: run.name}).info.run_id)
    entities, settings = import_module("mlflow.entities"), run.config()["settings"]
    parameters = [entities.Param(key, str(value)[:_LONGEST]) for key, value in settings.items()]
    client.log_batch(name, params=parameters[:_MOST_PARAMETERS])
    return name


def _metrics(values: Mapping[str, float], step: int) -> list[Any]:
    metric, now = import_module("mlflow.entities").Metric, int(time.time() * 1000)
    return [metric(name, float(value), now, step) for name, value in values.items()]


def _say(words: str) -> None:
    """Write one line to the log, without what the address may hold of passwords."""
    address = urlsplit(os.environ.get(VARIABLE, ""))
    sys.stderr.write(f"MLflow ({address.hostname or address.scheme or 'local'}) {words}.\n")
