"""A worker's side of its run folder: events, signs of life, and whether to stop."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace
from typing import Any

from tlviz.errors import StorageError
from tlviz.home import storage_errors, write_atomic
from tlviz.runs.folder import BALLAST, Heartbeat, RunFolder, Status, encode

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
        self._events = run.path / "events.jsonl"
        self._ballast = run.path / BALLAST

    def start(self) -> None:
        """Beat once now, so that the folder shows a live worker, and from then on in the background."""
        self._write_beat()
        threading.Thread(target=self._beat_on, daemon=True).start()

    def tell(self, state: Status, doing: str, fraction: float = 0.0, seconds_left: float | None = None) -> None:
        """Set what the next heartbeat says."""
        self._beat = replace(self._beat, state=state, doing=doing, fraction=fraction, seconds_left=seconds_left)

    def append(self, event: str, values: dict[str, Any]) -> None:
        """Append one event durably; after a failed write the file ends with its last whole line."""
        line = encode({"event": event, "time": time.time()} | values) + b"\n"
        with storage_errors(self._events), self._events.open("ab") as file:
            start = file.tell()
            try:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(start)
                raise

    def finish(self, status: Status, **values: Any) -> None:
        """Append the last event, on a full disk in the place of the ballast, and stop beating."""
        self._ended.set()
        self._ballast.unlink(missing_ok=True)
        self.append("finished", {"status": status} | values)
        if status is Status.FINISHED:
            self.run.last_state.unlink(missing_ok=True)

    def terminate(self) -> None:
        """Note a termination signal: it is a request to stop."""
        self._terminated.set()

    def should_stop(self) -> bool:
        """Tell whether the person or the system asked for a stop."""
        return self._terminated.is_set() or self.run.stop_requested()

    def _beat_on(self) -> None:
        while not self._ended.wait(BEAT_S):
            self._write_beat()

    def _write_beat(self) -> None:
        """Write the heartbeat; one that finds no room is missed, as the process itself still shows life."""
        try:
            write_atomic(self.run.path / "heartbeat", encode(replace(self._beat, time=time.time())))
        except StorageError as error:
            sys.stderr.write(f"{error}\n")
