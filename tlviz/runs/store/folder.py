"""The run folder: one writer for each file, status derived from what is there.

==================  ==========================  =================================================================
file                written by                  holds
==================  ==========================  =================================================================
config.json         the launcher, once          kind, time of creation, settings
notes.json          the app                     the person's name for the run, notes and tags
stop                the app or command line     its presence asks the worker to stop
resume              the app or command line     when a run that had ended was last resumed
pause, queue.json   the app or command line     of a race: that it shall wait; in which order, and what is cancelled
events.jsonl        the worker, appended        one JSON object a line: started, epoch, finished and others
best.safetensors    the worker, replaced whole  the best epoch's weights, classes and preprocessing in its header
last.safetensors    the worker, replaced whole  the same of the last epoch, where the run ended and another is the best
predictions.npz     the worker, replaced whole  what the best weights answer for each validation image
test.json           a worker, once              the final evaluation of a run that ended without one
heartbeat           the worker, replaced whole  who works (host, process, its start), state and progress
last.pt             the worker, replaced whole  the last epoch's state, for a worker that resumes; gone when finished
pictures.bin        the worker, once            four bytes of the content of each picture, in their order
log.txt             the worker                  what it and its libraries print
events.out.tf...    the worker, appended        losses, accuracies and rates once more, for TensorBoard
launcher.json       the launcher                of a run on a cluster: its job's number and what it asked for
.ballast            the launcher, once          room for the last event, which a worker writes into it on a full disk
.claim              the system                  held by the one worker that executes the run
==================  ==========================  =================================================================

A folder can be read at any moment: a half-written last line of ``events.jsonl`` is not yet an event.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlviz.data.sources.folder import given_path
from tlviz.errors import BadRunError, BadSettingError, StorageError, UnknownNameError
from tlviz.home import is_written_like_a_path, make_folder, runs_folder, storage_errors, write_atomic
from tlviz.runs.store.ballast import last_words, reserve
from tlviz.runs.store.former import present_event, present_settings
from tlviz.runs.store.heartbeat import Heartbeat, Status, is_alive
from tlviz.runs.store.json_lines import append_line, encode, has_end, is_event, is_finite, repair
from tlviz.runs.store.scheduled import scheduled_status
from tlviz.runs.store.worker_lock import claimed
from tlviz.small_files import (
    MB,
    DamagedFileError,
    parse_json,
    read_bytes,
    read_json,
    read_lines,
    read_object,
    read_tail,
)

FORMAT = 1
TEST_FILE = "test.json"
PRINTS = "pictures.bin"
START_GRACE_S = 20.0
"""A run without a heartbeat for this long after its creation never started."""
_STAMP = "%Y%m%d-%H%M%S"
_STAMP_CHARACTERS = len("20260101-000000")
_TAIL_BYTES = 16 * 1024
SILENCE_S = 60.0
"""A worker on another machine that was silent for this long is lost."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run on disk.  Reading never raises for a run that is half written, killed or still going on."""

    path: Path

    @property
    def name(self) -> str:
        """The run's name: its folder's."""
        return self.path.name

    @property
    def weights(self) -> Path:
        """Where the best weights are, if any epoch was validated."""
        return self.path / "best.safetensors"

    @property
    def last_weights(self) -> Path:
        """Where the last epoch's weights are, if the run went to its end and another epoch is the best."""
        return self.path / "last.safetensors"

    @property
    def last_state(self) -> Path:
        """Where the last epoch's state is, for a worker that resumes."""
        return self.path / "last.pt"

    def config(self) -> dict[str, Any]:
        """Return what the launcher wrote: ``kind``, ``created`` (seconds since 1970), ``settings`` by present names."""
        loaded = read_object(self.path / "config.json", 16 * MB) or {}
        kinds = {"format": int, "kind": str, "created": int | float, "settings": dict}
        defaults = {"format": 0, "kind": "", "created": 0.0, "settings": {}}
        known = {name: loaded[name] for name, kind in kinds.items() if isinstance(loaded.get(name), kind)}
        return defaults | known | {"settings": present_settings(known.get("settings", {}))}

    def damage(self) -> str | None:
        """Say in a few words which of the files that make it a run cannot be read, None where all can."""
        try:
            if not isinstance(read_json(self.path / "config.json", 16 * MB), dict) or not self.is_run():
                return "its config.json does not say what kind of run it is"
        except FileNotFoundError:
            return "its config.json is missing" if self.path.is_dir() else "its folder is gone"
        except (OSError, DamagedFileError) as error:
            return f"its config.json is damaged ({_reason(error)})"
        try:
            read_lines(self.path / "events.jsonl", is_good=is_event)
        except FileNotFoundError:
            return None
        except (OSError, DamagedFileError) as error:
            return f"its events.jsonl is damaged ({_reason(error)})"
        return None

    def is_run(self) -> bool:
        """Return whether this folder was made by ``create_run``."""
        config = self.config()
        return bool(config["format"] and config["kind"])

    def events(self) -> list[dict[str, Any]]:
        """Return the events so far, oldest first; an unfinished, damaged or incomplete line is left out."""
        try:
            found = list(map(present_event, read_lines(self.path / "events.jsonl", is_good=is_event)))
        except (OSError, DamagedFileError):
            found = []
        last = last_words(self.path)
        return [*found, last] if last and last not in found[-1:] else found

    def tested(self) -> float | None:
        """Return the accuracy of a final evaluation after the run's end, None without one."""
        share = (read_object(self.path / TEST_FILE, MB) or {}).get("test_accuracy")
        return float(share) if is_finite(share) else None

    def heartbeat(self) -> Heartbeat | None:
        """Return the worker's last sign of life, or None before its first."""
        return Heartbeat.read(read_object(self.path / "heartbeat", MB) or {})

    def present_beat(self) -> Heartbeat | None:
        """Return the last sign of life since the run was last resumed, None before the first."""
        beat = self.heartbeat()
        return None if beat is None or _is_before(beat, self._resume_note()) else beat

    def status(self) -> Status:
        """Derive what the run is from its last event, its heartbeat and its process."""
        last = self._last_event()
        return self.status_after([last]) if last is not None and has_end([last]) else self.read()[0]

    def read(self) -> tuple[Status, list[dict[str, Any]]]:
        """Return status and events that belong together."""
        events = self.events()
        status = self.status_after(events)
        if status is Status.FAILED and not has_end(events):
            events = self.events()  # a worker may have recorded its end and exited between the two checks
            status = self.status_after(events)
        return status, events

    def status_after(self, events: list[dict[str, Any]]) -> Status:
        """Derive what the run is from its events, of which the last is enough."""
        note = self._resume_note()
        if has_end(events) and self._has_grown_since(note, events):
            return Status(events[-1]["status"])
        beat = self.present_beat()
        if (told := scheduled_status(self.path, beat)) is not None:
            return told if told is not Status.FAILED or beat is None or not is_alive(beat) else Status(beat.state)
        if beat is None:
            age_s = time.time() - max(self.resumed(), self.config()["created"])
            return Status.QUEUED if abs(age_s) < START_GRACE_S else Status.FAILED
        if beat.host != socket.gethostname():
            return Status(beat.state) if abs(time.time() - beat.time) < SILENCE_S else Status.LOST
        return Status(beat.state) if is_alive(beat) else Status.FAILED

    def has_ended(self) -> bool:
        """Return whether the run recorded its end and nobody has resumed it since."""
        events = self.events()
        return has_end(events) and self._has_grown_since(self._resume_note(), events)

    def _last_event(self) -> dict[str, Any] | None:
        """Return the last event where it is complete in the last bytes of the file, else None."""
        try:
            tail = read_tail(self.path / "events.jsonl", _TAIL_BYTES)
            last = parse_json(tail[:-1].rpartition(b"\n")[2]) if tail.endswith(b"\n") else None
        except (OSError, DamagedFileError):
            return None
        return last if is_event(last) else None

    def _has_grown_since(self, note: dict[str, Any], events: list[dict[str, Any]]) -> bool:
        """Return whether events came after the run was last resumed; by their size, as clocks may jump."""
        size = note.get("events")
        if isinstance(size, int):
            return self._events_size() > size or last_words(self.path) is not None
        return float(events[-1].get("time", 0.0)) >= self.resumed()

    def _events_size(self) -> int:
        try:
            return (self.path / "events.jsonl").stat().st_size
        except OSError:
            return 0

    def request_stop(self) -> None:
        """Ask the worker to stop after its present step and keep the best weights."""
        with storage_errors(self.path):
            (self.path / "stop").touch()

    def request_resume(self) -> None:
        """Note that a run that is over is to be resumed.

        Raises ``BadSettingError`` where it is finished or still going on, ``StorageError`` where it cannot be written.
        """
        self._check_resumable()  # at once: a claim that is held is waited for
        with claimed(self.path, is_given_up=lambda: not self.status().is_over) as is_free:
            self._check_resumable(is_free=is_free)
            with storage_errors(self.path):
                self._make_whole()
            reserve(self.path)
            with storage_errors(self.path):
                (self.path / "stop").unlink(missing_ok=True)
            beat = self.heartbeat()
            note = {"time": time.time(), "events": self._events_size()}
            note |= {"pid": beat.pid if beat else 0, "process_started": beat.process_started if beat else 0.0}
            write_atomic(self.path / "resume", encode(note))

    def _make_whole(self) -> None:
        """Put an end that was written into the ballast where it belongs, and take half a line away."""
        events, last = self.path / "events.jsonl", last_words(self.path)
        repair(events)
        if last is not None and last != self._last_event():
            append_line(events, encode(last))

    def _check_resumable(self, *, is_free: bool = True) -> None:
        status = self.status()
        if status is Status.FINISHED:
            raise BadSettingError(f"The run {self.name} is finished; there is nothing left to resume.")
        if not is_free or not status.is_over:
            raise BadSettingError(f"The run {self.name} is still active; stop it before you resume it.")

    def resumed(self) -> float:
        """Return when the run was last resumed, in seconds since 1970, or 0."""
        asked = self._resume_note().get("time")
        return float(asked) if is_finite(asked) else 0.0

    def _resume_note(self) -> dict[str, Any]:
        """Return what was noted when the run was last resumed: time, size of the events, the worker before."""
        return read_object(self.path / "resume", MB) or {}

    def prints(self) -> bytes | None:
        """Return what was noted of the pictures' contents when the run began, None where nothing was."""
        try:
            return read_bytes(self.path / PRINTS, 256 * MB)
        except (OSError, DamagedFileError):
            return None

    def keep_prints(self, content: bytes) -> None:
        """Note what is in the pictures that the run begins with.  Raises ``StorageError``."""
        write_atomic(self.path / PRINTS, content)

    def stop_requested(self) -> bool:
        """Return whether somebody asked the worker to stop."""
        return self.stop_age_s() is not None

    def stop_age_s(self) -> float | None:
        """Return how many seconds ago the worker was asked to stop, or None where it was not."""
        try:
            return time.time() - (self.path / "stop").stat().st_mtime
        except OSError:
            return None

    def check_deletable(self) -> None:
        """Raise ``StorageError`` unless this is a run of the home that is over."""
        if not self.is_run() or self.path.resolve().parent != runs_folder().resolve():
            raise StorageError(f"{self.path} is not a run in {runs_folder()}; only those are deleted.")
        if not self.status().is_over:
            raise StorageError(f"The run {self.name} is still active; stop it before you delete it.")

    def delete(self) -> None:
        """Remove the folder.  Raises ``StorageError`` while a worker uses it, or where the disk refuses."""
        self.check_deletable()
        with storage_errors(self.path):
            shutil.rmtree(self.path)


def create_run(kind: str, label: str, settings: dict[str, Any]) -> RunFolder:
    """Make a run folder with its ``config.json``.  Raises ``StorageError`` where that cannot be written."""
    created = time.time()
    stamp = time.strftime(_STAMP, time.localtime(created))
    path = make_folder(runs_folder()) / f"{stamp}-{label}-{uuid.uuid4().hex[:4]}"
    make_folder(path)
    content = {"format": FORMAT, "kind": kind, "created": created, "settings": settings}
    try:
        reserve(path)
        write_atomic(path / "config.json", json.dumps(content, indent=1).encode())
    except StorageError:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return RunFolder(path)


def list_runs(kind: str | None = None) -> list[RunFolder]:
    """Return all runs, or those of one kind of job, newest first."""
    try:
        found = [(key, RunFolder(path)) for path in runs_folder().iterdir() if (key := _moment(path)) is not None]
    except OSError:
        return []
    runs = [run for _, run in sorted(found, key=lambda pair: pair[0], reverse=True)]
    return [run for run in runs if kind is None or run.config()["kind"] == kind]


def find_run(name: str) -> RunFolder:
    """Return a run by its name or its folder's path.

    Raises ``UnknownNameError`` with the nearest names, ``BadRunError`` for one that is damaged, or ``BadDatasetError``
    for what can be no path.
    """
    candidates = [given_path(name)] if is_written_like_a_path(name) else [runs_folder() / name]
    for path in candidates:
        if name and RunFolder(path).is_run():
            return RunFolder(path)
        if name and _was_run(path):
            raise BadRunError(
                f"The run {path.name} cannot be read: {RunFolder(path).damage()}. Put the file back from a copy, or "
                f"remove the folder {path}."
            )
    raise UnknownNameError("run", name, [run.name for run in list_runs() if run.is_run()])


def _was_run(path: Path) -> bool:
    """Return whether a folder among the runs holds files of one."""
    is_ours = path.parent == runs_folder() and path.name not in ("", ".", "..")
    return is_ours and any(os.path.lexists(path / name) for name in ("config.json", "events.jsonl"))


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _moment(path: Path) -> tuple[str, int, str] | None:
    """Return what orders runs: the second in the name, within it when the run was written; None for no run."""
    try:
        return path.name[:_STAMP_CHARACTERS], (path / "config.json").stat().st_mtime_ns, path.name
    except OSError:
        return None


def _is_before(beat: Heartbeat, note: dict[str, Any]) -> bool:
    """Return whether a heartbeat is of a worker from before the run was last resumed."""
    if "pid" in note:
        return (beat.pid, beat.process_started) == (note["pid"], note.get("process_started"))
    asked = note.get("time")
    return is_finite(asked) and beat.time < asked
