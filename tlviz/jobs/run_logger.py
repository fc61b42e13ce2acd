"""What a fine-tuning run leaves in its folder: events, the best weights, and the state to resume from."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from typing import Any

from tlviz.errors import is_out_of_memory
from tlviz.export.bundle import bundle_bytes, load_bundle
from tlviz.finetune.choices import BatchNorm
from tlviz.finetune.device import pass_size
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch, Progress, Started, Stopped, StopReason, Unfrozen
from tlviz.finetune.items import items_like_source
from tlviz.finetune.resume import checkpoint
from tlviz.finetune.retention import MISSING, Retention, SourceGauge, unchanged
from tlviz.finetune.source_pictures import PICTURES
from tlviz.finetune.state import State
from tlviz.finetune.strategies import find_strategy
from tlviz.home import forget, write_atomic
from tlviz.jobs.job import Job
from tlviz.jobs.tensorboard_logger import TensorBoardLogger
from tlviz.models.stages import owns
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.store.heartbeat import Status

MOST_NAMED = 1000
"""Files left out that a run names; their number is always right."""
LARGE = 64 * 2**20
"""Bytes of an epoch's files above which training waits for them: they would need their memory beside it."""


class RunLogger:
    """Logs what the engine tells, each thing once, however often a run is interrupted and taken up again.

    ``begun`` is when the run would have begun, on the job's clock, had it not been interrupted.
    """

    def __init__(self, job: Job, state: State, begun: float) -> None:
        self._job, self._state, self._begun = job, state, begun
        self._told = {_identity(event["event"], event) for event in job.run.events()}
        self._since = (job.clock(), state.epoch)
        self._tensorboard = TensorBoardLogger(job.run.path)
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._writing: Future[None] | None = None

    def write(self, until: int | None = None) -> StopReason:
        """Run the engine to its end, or to the end of epoch ``until``, and read the gauges; return why it ended."""
        with closing(self._tensorboard), self._writer:
            try:
                return self._write(until)
            finally:
                self._settle()

    def _write(self, until: int | None) -> StopReason:
        if self._told:
            self._job.append("resumed", {"epoch": self._state.epoch})
        self._job.mlflow.begin()
        self._job.tell(Status.RUNNING, "validating before training")
        reason = StopReason.EPOCHS
        for event in train(self._state):
            match event:
                case Started():
                    self._start(event)
                case Unfrozen():
                    self._settle()  # events are written in their order
                    self._tell("unfrozen", asdict(event))
                case Progress():
                    self._show(event)
                case Epoch():
                    self._keep(event)
                    if until is not None and until <= event.epoch < self._state.session.config.epochs:
                        return StopReason.RUNG
                case Stopped():
                    reason = event.reason
        self._settle()
        if reason is not StopReason.REQUEST:  # a stopped run is within an epoch; its state is of the one before
            self._keep_last()
        self._gauge_end(is_stopped=reason is StopReason.REQUEST)
        return reason

    def _start(self, event: Started) -> None:
        images, config = self._state.session.images, self._state.session.config
        problems = [asdict(problem) for problem in images.problems]
        about: dict[str, Any] = {"classes": images.classes, "problems": problems, "excluded": images.excluded}
        about |= {"copies": self._state.session.copies, "pictures": images.digest}
        left_out = [asdict(left) for left in images.left_out[:MOST_NAMED]]
        about |= {"reading": images.reading.to_json(), "left_out": left_out, "left_out_count": len(images.left_out)}
        about |= {"depth": images.depth.to_json()}
        self._tell("started", asdict(event) | about)
        if self._is_gauged():
            is_pretrained = config.batchnorm is not BatchNorm.REESTIMATE
            if is_pretrained:
                self._tell_reading("start", 0, unchanged(self._state.session.network))
            else:
                self._tell_reading("start", 0, self._gauge().read(self._state.module))

    def _keep(self, epoch: Epoch) -> None:
        """Note an epoch, and write it while the next one trains: waiting for the disk costs no time then."""
        self._settle()
        state = self._state
        weights = self._weights(epoch.epoch, epoch.val_accuracy) if state.best is epoch else None
        answers = self._answers(epoch) if state.best is epoch else None
        resumable = checkpoint(state, self._job.clock() - self._begun)
        self._writing = self._writer.submit(self._write_epoch, asdict(epoch), weights, answers, resumable)
        if len(resumable) + len(weights or b"") > LARGE:
            self._settle()
        if epoch.epoch == 0:
            self._since = (self._job.clock(), 0)

    def _settle(self) -> None:
        """Wait until the last epoch is written.  Raises ``StorageError`` where it could not be."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _write_epoch(
        self, values: dict[str, Any], weights: bytes | None, answers: Answers | None, resumable: bytes
    ) -> None:
        """Save the epoch's weights where they are the best, record it, and save the state to resume from.

        In this order, a recorded epoch has its weights; an epoch lost before the last step is trained again, to the
        same result.
        """
        run = self._job.run
        if weights is not None:
            write_atomic(run.weights, weights)
        if answers is not None:
            write_answers(run, answers)
        if self._tell("epoch", values):
            self._tensorboard.write(values)
            self._job.mlflow.write(values)
        write_atomic(run.last_state, resumable)

    def _keep_last(self) -> None:
        """Save the weights of the last epoch where another one is the best."""
        run, state = self._job.run, self._state
        if state.best is None or state.epoch == state.best.epoch:
            forget(run.last_weights)
            return
        told = next(one for one in reversed(run.events()) if one.get("epoch") == state.epoch and "val_accuracy" in one)
        write_atomic(run.last_weights, self._weights(state.epoch, told["val_accuracy"]))

    def _weights(self, epoch: int, val_accuracy: float) -> bytes:
        session = self._state.session
        training = {"run": self._job.run.name, "epoch": epoch, "val_accuracy": val_accuracy}
        with self._state.best_guess():
            return bundle_bytes(session.network, session.config, training | {"copies": session.copies})

    def _answers(self, epoch: Epoch) -> Answers | None:
        """Return what the best weights answer for each validation image, None right after a run was taken up again."""
        session, logits = self._state.session, self._state.logits
        if logits is None:
            return None
        rows = session.split.validation
        names = tuple(session.images.names[at] for at in rows)
        return Answers(epoch.epoch, session.images.classes, names, session.images.labels[rows], logits.numpy())

    def _show(self, progress: Progress) -> None:
        """Show how far the run is, and how long it still takes at the pace of this worker."""
        epochs, (time_then, epoch_then) = self._state.session.config.epochs, self._since
        done = progress.epoch - 1 + progress.step / progress.steps
        pace_s = (self._job.clock() - time_then) / (done - epoch_then)
        words = f"epoch {progress.epoch} of {epochs}"
        self._job.tell(Status.RUNNING, words, done / epochs, pace_s * (epochs - done))

    def _is_gauged(self) -> bool:
        """Return whether retention is to be measured and there is a source to compare with."""
        config = self._state.session.config
        return config.gauges and find_strategy(config.strategy).pretrained

    def _gauge(self) -> SourceGauge:
        session = self._state.session
        pictures = items_like_source(session)
        chunk = pass_size(PICTURES, session.config.batch_size)
        return SourceGauge(session.network, pictures, session.device, self._pretrained_stages(), chunk)

    def _pretrained_stages(self) -> int:
        """Return how many of the first stages are the pretrained ones to the byte, from beginning to end."""
        stages, moving = self._state.session.network.stages, self._state.moving
        return next(at for at, stage in enumerate(stages) if any(owns(stage, name) for name in moving))

    def _gauge_end(self, *, is_stopped: bool) -> None:
        """Measure the retention of the last and the best epoch's weights; after a stop only of the best's.

        A person waits for a stop.  A trained run is not lost where there is no memory for that.
        """
        state, best = self._state, self._state.best
        if not self._is_gauged() or best is None:
            return
        self._job.tell(Status.RUNNING, "comparing with the source", 1.0)
        epochs = ({} if is_stopped else {"end": state.epoch}) | {"best": best.epoch}
        try:
            readings = self._read(epochs)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            sys.stderr.write(f"There was not enough memory to compare the trained network with its source: {error}\n")
            readings = dict.fromkeys(epochs, MISSING)
        for moment, epoch in epochs.items():
            self._tell_reading(moment, epoch, readings[moment])

    def _read(self, epochs: Mapping[str, int]) -> dict[str, Retention]:
        """Return the readings of ``end``, the live weights, and ``best``, the saved ones, by the epochs they are of."""
        state, readings = self._state, dict[str, Retention]()
        if self._pretrained_stages() == len(state.session.network.stages) - 1:
            return dict.fromkeys(epochs, unchanged(state.session.network))
        gauge = self._gauge()
        if "end" in epochs:
            with state.best_guess():
                readings["end"] = gauge.read(state.module)
        if epochs["best"] == epochs.get("end"):
            return readings | {"best": readings["end"]}
        best = load_bundle(self._job.run.weights).module.to(state.session.device)
        return readings | {"best": gauge.read(best)}

    def _tell_reading(self, moment: str, epoch: int, reading: Retention) -> None:
        self._tell("gauged", {"moment": moment, "epoch": epoch} | asdict(reading))

    def _tell(self, event: str, values: Mapping[str, Any]) -> bool:
        """Append an event, unless it was recorded before an interruption; return whether that was so."""
        is_new = _identity(event, values) not in self._told
        if is_new:
            self._job.append(event, dict(values))
        return is_new


def _identity(event: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return event, values.get("epoch"), values.get("moment")
