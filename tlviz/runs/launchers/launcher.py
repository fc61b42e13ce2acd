"""The one interface of all launchers: submit runs, say where one stands, cancel it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tlviz.runs.launchers.resources import LOCAL, SLURM, Resources
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.scheduled import read_scheduled


class Launcher(Protocol):
    """Executes runs somewhere.  A run's folder, on a disk that both sides see, is all that they share."""

    def submit(self, runs: Sequence[RunFolder], resources: Resources) -> None:
        """Let runs be executed.  Raises ``TlvizError`` where that cannot be."""

    def state(self, run: RunFolder) -> Status:
        """Return where a run stands."""

    def cancel(self, run: RunFolder) -> None:
        """Stop a run and keep what it has; one that still waits does not begin.  Raises ``StorageError``."""


def launcher_of(run: RunFolder) -> str:
    """Return the name of the launcher that a run was last given to."""
    return LOCAL if read_scheduled(run.path) is None else SLURM
