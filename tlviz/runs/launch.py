"""Starting and ending workers: processes of their own that outlive the page, the tab and the app."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict

import psutil

from tlviz.finetune.config import FinetuneConfig
from tlviz.home import PROJECT_ROOT, storage_errors
from tlviz.runs.folder import RunFolder, create_run, is_alive

KILL_AFTER_S = 5.0


def start_finetune(config: FinetuneConfig) -> RunFolder:
    """Write a run folder and start its worker, which queues for its device.

    Raises ``StorageError`` where the folder cannot be written.
    """
    data = os.path.basename(config.data.rstrip("/\\")) or "data"
    label = "-".join("".join(c if c.isalnum() or c in "_." else "_" for c in part)[:40] for part in
                     (config.model, data, config.strategy))  # fmt: skip
    run = create_run("finetune", label, asdict(config))
    start_worker(run)
    return run


def start_worker(run: RunFolder) -> subprocess.Popen[bytes]:
    """Start ``python -m tlviz.worker`` on a run folder, detached from this process and its terminal."""
    detached: dict[str, object] = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    search_path = os.pathsep.join(filter(None, (str(PROJECT_ROOT), os.environ.get("PYTHONPATH"))))
    with storage_errors(run.path), (run.path / "log.txt").open("ab") as log:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "tlviz.worker", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": search_path},
            **detached,
        )


def end_worker(run: RunFolder) -> None:
    """End a worker of this machine that does not heed its stop flag: terminate, then kill."""
    beat = run.heartbeat()
    if beat is None or not is_alive(beat):
        return
    process = psutil.Process(beat.pid)
    process.terminate()
    try:
        process.wait(KILL_AFTER_S)
    except psutil.TimeoutExpired:
        process.kill()
