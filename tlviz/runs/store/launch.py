"""Starting and ending workers: processes of their own that outlive the page, the tab and the app."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tlviz.diagnose.request import Request
from tlviz.finetune.config import FinetuneConfig
from tlviz.home import PROJECT_ROOT, storage_errors
from tlviz.models.spec import ModelSpec
from tlviz.runs.startable import check_startable
from tlviz.runs.store.device import FILES, NETWORK
from tlviz.runs.store.folder import (
    ANSWERS,
    DOCTOR,
    DOWNLOAD,
    FINETUNE,
    INGEST,
    PROFILE,
    RACE,
    RANGE_TEST,
    VISUALISE,
    RunFolder,
    create_run,
    list_runs,
)
from tlviz.runs.store.heartbeat import is_alive

KILL_AFTER_S = 5.0
# Threads that wait for one another give their core away instead of spinning.  Measured on two cores with one other
# busy process: the same run took 10 s instead of 58 s; alone it took the same 7 s.
_PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
# Memory that a step gives back is kept for the next one (glibc), instead of being fetched from the system page by page.
_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
WORKER_SETTINGS = _PATIENT_THREADS | _KEPT_MEMORY
"""Environment of a worker, where the person has not set these otherwise."""
# On Windows a process group and console of its own; start_new_session does the same elsewhere.
_DETACHED: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


def start_finetune(config: FinetuneConfig) -> RunFolder:
    """Write a run folder and start its worker, which queues for its device.

    Raises ``TlvizError`` where the run cannot start here, ``StorageError`` where the folder cannot be written.
    """
    check_startable(config)
    label = _label(Path(config.model).name, Path(config.data).name, config.strategy)
    run = create_run(FINETUNE, label, config.to_json())
    start_worker(run)
    return run


def start_race(
    configs: Sequence[FinetuneConfig], sweep: str, *, halving: bool = False, labels: Sequence[str] | None = None
) -> RunFolder:
    """Start one worker that executes the runs of ``plan_race`` one after another, in this order.

    ``labels`` tell the runs of a sweep of plans apart, one for each run, the same for every seed of a plan.
    Raises ``TlvizError`` as ``start_finetune`` for any of the runs, and ``StorageError`` where the race's folder cannot
    be written.
    """
    check_startable(*configs)
    first = configs[0]
    settings = {"model": first.model, "data": first.data, "device": first.device, "sweep": sweep, "halving": halving}
    members = [config.to_json() for config in configs]
    if labels is not None:
        members = [member | {sweep: label} for member, label in zip(members, labels, strict=True)]
    run = create_run(RACE, _label(RACE, Path(first.data).name, sweep), settings | {"members": members})
    start_worker(run)
    return run


def start_download(spec: ModelSpec) -> RunFolder:
    """Start a worker that downloads a network's weights, or return the one that already does.

    Downloads that are over are forgotten first.  Raises ``StorageError`` where the folder cannot be written.
    """
    for run in list_runs(DOWNLOAD):
        if run.status().is_over:
            run.delete()
        elif run.config()["settings"].get("model") == spec.name:
            return run
    run = create_run(DOWNLOAD, _label(DOWNLOAD, spec.name), {"model": spec.name, "device": NETWORK})
    start_worker(run)
    return run


def start_doctor(data: str, *, features: bool = True) -> RunFolder:
    """Start a worker that looks at a target by name or folder, or return the one that already does.

    It leaves its report in the run folder.  Looks that are over are forgotten first, as their reports are kept.
    Raises ``StorageError`` where the folder cannot be written.
    """
    settings = {"data": data, "features": features, "device": FILES}
    for run in list_runs(DOCTOR):
        if run.status().is_over:
            run.delete()
        elif run.config()["settings"] == settings:
            return run
    run = create_run(DOCTOR, _label(DOCTOR, Path(data).name), settings)
    start_worker(run)
    return run


def start_range_test(config: FinetuneConfig) -> RunFolder:
    """Start a worker that tries head rates for a run's settings; tests that are over are forgotten first.

    Raises ``TlvizError`` and ``StorageError`` as ``start_finetune``.
    """
    check_startable(config)
    for run in list_runs(RANGE_TEST):
        if run.status().is_over:
            run.delete()
    run = create_run(RANGE_TEST, _label(RANGE_TEST, Path(config.data).name), config.to_json())
    start_worker(run)
    return run


def start_profile(request: Request) -> RunFolder:
    """Start a worker that profiles a network on a target, or return the one that already does.

    It leaves the profile where ``diagnose.profile_store`` finds it, and does not wait behind training.  Profiles that
    are over are forgotten first.  Raises ``StorageError`` where the folder cannot be written.
    """
    settings = request.to_json() | {"device": FILES}
    for run in list_runs(PROFILE):
        if run.status().is_over:
            run.delete()
        elif run.config()["settings"] == settings:
            return run
    run = create_run(PROFILE, _label(PROFILE, Path(request.model).name, Path(request.data).name), settings)
    start_worker(run)
    return run


def start_answers(run: RunFolder, part: str) -> RunFolder:
    """Start a worker that asks a run's best weights about its validation or test images, or return the one at it.

    It does not wait behind training.  Such jobs that are over are forgotten first.  Raises ``StorageError`` where the
    folder cannot be written.
    """
    settings = {"run": run.name, "part": part, "device": FILES}
    for job in list_runs(ANSWERS):
        if job.config()["settings"] == settings:
            if not job.status().is_over:
                return job
            job.delete()
    job = create_run(ANSWERS, _label(ANSWERS, part), settings)
    start_worker(job)
    return job


def resume_run(run: RunFolder) -> None:
    """Start a new worker on a run that was stopped, failed or lost; it goes on after the last epoch.

    Raises ``BadSettingError`` where there is nothing to resume, ``StorageError`` where the folder cannot be written.
    """
    run.request_resume()
    start_worker(run)


def start_ingest(data: str, to: Path | None = None, geometry: Mapping[str, Any] | None = None) -> RunFolder:
    """Start a worker that downloads or unpacks a target, and decodes it where a geometry is given.

    It does not wait behind training.  Raises ``StorageError`` where the run's folder cannot be written.
    """
    settings = {"data": data, "to": str(to) if to else None, "geometry": geometry, "device": FILES}
    run = create_run(INGEST, _label(INGEST, Path(data).name), settings)
    start_worker(run)
    return run


def start_visualise(model: str, wish: Mapping[str, Any], *, tuned: str | None = None) -> RunFolder:
    """Start a worker that draws what excites a channel, or return the one that already does.

    ``wish`` are the fields of a ``DrawWish``; ``tuned`` names a finished run whose weights are meant.  A person waits
    for it, so it does not wait behind training.  Drawings that are over are forgotten first, as they are kept.
    Raises ``StorageError`` where the folder cannot be written.
    """
    settings = {"model": model, "run": tuned, "wish": dict(wish), "device": FILES}
    for run in list_runs(VISUALISE):
        if run.status().is_over:
            run.delete()
        elif run.config()["settings"] == settings:
            return run
    run = create_run(VISUALISE, _label(VISUALISE, model, str(wish.get("stage", ""))), settings)
    start_worker(run)
    return run


def start_worker(run: RunFolder) -> subprocess.Popen[bytes]:
    """Start ``python -m tlviz.worker`` on a run folder, detached from this process and its terminal."""
    search_path = os.pathsep.join(filter(None, (str(PROJECT_ROOT), os.environ.get("PYTHONPATH"))))
    with storage_errors(run.path), (run.path / "log.txt").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 (this program's own module)
            [sys.executable, "-m", "tlviz.worker", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=WORKER_SETTINGS | os.environ | {"PYTHONPATH": search_path},
            start_new_session=True,
            creationflags=_DETACHED,
        )


def _label(*parts: str) -> str:
    return "-".join("".join(c if c.isalnum() or c in "_." else "_" for c in part)[:40] for part in parts)


def end_worker(run: RunFolder) -> None:
    """End a worker of this machine that does not heed its stop flag: terminate, then kill."""
    beat = run.heartbeat()
    if beat is None or not is_alive(beat):
        return
    with suppress(psutil.NoSuchProcess):  # it may end by itself at any moment
        process = psutil.Process(beat.pid)
        process.terminate()
        try:
            process.wait(KILL_AFTER_S)
        except psutil.TimeoutExpired:
            process.kill()
