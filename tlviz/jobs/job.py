"""A worker's side of its run folder: events, signs of life, and whether to stop."""

from __future__ import annotations

import math
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tlviz.errors import StorageError, TlvizError, is_out_of_memory
from tlviz.home import disk_words, is_disk_trouble, storage_errors, write_atomic
from tlviz.jobs.mlflow_logger import MlflowLogger
from tlviz.runs.store.ballast import say_last
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import append_line, encode

BEAT_S = 0.5


class StoppedEarly(Exception):  # noqa: N818 (a wish, not an error)
    """The person asked for a stop before there was anything to keep."""


class Job:
    """The worker's side of a run folder: appends events, beats, and knows whether to stop."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self._beat = Heartbeat.of_this_process()
        self._terminated = threading.Event()
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None
        self._events = run.path / "events.jsonl"
        self._logged = ""
        self.log = run.path / "log.txt"
        self.mlflow = MlflowLogger(run)

    def start(self) -> None:
        """Beat once now, so that the folder shows a live worker, and from then on in the background.

        Raises ``StorageError`` where not even that can be written.
        """
        self._put_beat()
        self._beating = threading.Thread(target=self._beat_on, daemon=True)
        self._beating.start()

    def tell(self, state: Status, doing: str, fraction: float = 0.0, seconds_left: float | None = None) -> None:
        """Set what the next heartbeat says; a number that is none is left out."""
        fraction = fraction if math.isfinite(fraction) else 0.0
        seconds_left = seconds_left if seconds_left is None or math.isfinite(seconds_left) else None
        self._beat = replace(self._beat, state=state, doing=doing, fraction=fraction, seconds_left=seconds_left)

    def append(self, event: str, values: dict[str, Any]) -> None:
        """Append one event durably, whole or not at all.  Raises ``StorageError``."""
        with storage_errors(self._events):
            append_line(self._events, encode({"event": event, "time": time.time()} | values))

    def finish(self, status: Status, **values: Any) -> None:
        """Append the last event, on a full disk in the room of the ballast, and stop beating.

        Raises ``StorageError`` where nothing at all can be written.
        """
        self._ended.set()
        say_last(
            self.run.path, self._events, encode({"event": "finished", "time": time.time(), "status": status} | values)
        )
        if status is Status.FINISHED:
            with suppress(OSError):
                self.run.last_state.unlink()
        self.mlflow.end(status, values)

    def terminate(self) -> None:
        """Note a termination signal: it is a request to stop."""
        self._terminated.set()

    def should_stop(self) -> bool:
        """Return whether the person or the system asked for a stop."""
        return self._terminated.is_set() or self.run.stop_requested()

    def clock(self) -> float:
        """Return seconds from an arbitrary start that grow only while the job works."""
        return time.perf_counter()

    def rest(self, doing: str) -> None:
        """Stop beating without an end: the process will take the run up again."""
        self._ended.set()
        if self._beating:
            self._beating.join()  # its last beat must not come after this one
        self.tell(Status.QUEUED, doing)
        self._write_beat()
        self.mlflow.close()

    def _beat_on(self) -> None:
        while not self._ended.wait(BEAT_S):
            self._write_beat()

    def _write_beat(self) -> None:
        """Write the heartbeat; one that finds no room is missed, as the process itself still shows life."""
        try:
            self._put_beat()
        except StorageError as error:
            self._note(str(error))

    def _put_beat(self) -> None:
        write_atomic(self.run.path / "heartbeat", encode(replace(self._beat, time=time.time())))

    def _note(self, words: str) -> None:
        """Write a line to the log, once, and where the log has room for it."""
        if words != self._logged:
            self._logged = words
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{words}\n")


def carry_out(job: Job, work: Callable[[], dict[str, Any] | None]) -> int:
    """Do a job's work and record its end, whatever it is; None from the work means that it will be resumed.

    Returns the exit status of a worker: 0, 2 for a person's mistake, 1 for a defect.
    """
    begun = job.clock()
    try:
        results = work()
        if results is not None:
            job.finish(**({"duration_s": job.clock() - begun} | results))
    except StoppedEarly:
        job.finish(Status.STOPPED, duration_s=job.clock() - begun)
    except TlvizError as error:
        job.finish(Status.FAILED, error=str(error), is_mistake=True, duration_s=job.clock() - begun)
        return 2
    except BaseException as error:  # noqa: BLE001 (whatever it was, the folder must say so before the process ends)
        if isinstance(error, OSError) and is_disk_trouble(error):  # a library wrote something
            words = disk_words(error, Path(str(error.filename or job.run.path)))
            job.finish(Status.FAILED, error=words, is_mistake=True, duration_s=job.clock() - begun)
            return 2
        with suppress(OSError, ValueError):
            traceback.print_exc()
        job.finish(Status.FAILED, error=f"{_in_words(error)} Its log has the details: {job.log}.")
        return 1
    return 0


def _in_words(error: BaseException) -> str:
    if is_out_of_memory(error):
        return "There was not enough memory; lower the batch size or the image size."
    return f"The worker met an unexpected {type(error).__name__}: {str(error)[:200]}."
