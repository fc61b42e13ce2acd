"""The curves of a run once more, as the event file that TensorBoard reads, beside the run's other files."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlviz.home import storage_errors

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter


class TensorBoardLogger:
    """Writes one TensorBoard event file; a worker that takes a run up again begins another, which TensorBoard joins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: EventsWriter | None = None

    def write(self, epoch: Mapping[str, Any]) -> None:
        """Add an epoch's losses, accuracies and rates.  Raises ``StorageError`` where the file cannot be written."""
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars(epoch).items()]
        with storage_errors(self._folder):
            if self._writer is None:
                self._writer = EventsWriter(str(self._folder / "events"), f".{os.getpid()}")
            told = Event(wall_time=time.time(), step=epoch["epoch"], summary=Summary(value=values))
            self._writer.write_event(told)
            self._writer.flush()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def scalars(epoch: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of an epoch by their TensorBoard tags; what the epoch does not have is left out."""
    found = {
        f"{measure}/{words}": epoch.get(f"{part}_{measure}")
        for measure in ("accuracy", "loss")
        for part, words in (("train", "training"), ("val", "validation"))
    }
    found |= {f"rate/{stage}": rate for stage, rate in (epoch.get("rates") or {}).items()}
    return {tag: value for tag, value in found.items() if value is not None}
