"""Starting and ending workers: processes of their own that outlive the page, the tab and the app."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from tlviz.diagnose.request import Request
from tlviz.finetune.choices import DeviceChoice
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.home import PROJECT_ROOT, runs_folder, storage_errors
from tlviz.models.spec import ModelSpec
from tlviz.runs.best.plan import check_minutes
from tlviz.runs.launchers.resources import LOCAL, Resources
from tlviz.runs.launchers.start import cancel, resources_of, resubmit, submit_finetune, submit_race
from tlviz.runs.races.plan import PLAN
from tlviz.runs.startable import check_startable
from tlviz.runs.store.device import lock_path, tickets_folder
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.heartbeat import is_alive
from tlviz.runs.store.kinds import (
    ANSWERS,
    DOCTOR,
    DOWNLOAD,
    EXPORT,
    FINETUNE,
    INGEST,
    PROFILE,
    RACE,
    RANGE_TEST,
    VISUALISE,
    Forget,
    find_kind,
)
from tlviz.runs.store.scheduled import read_scheduled

KILL_AFTER_S = 5.0
WAITER = Path(__file__).resolve().parents[1] / "waiter.py"
_BARE = ("-I", "-S", "-X", "utf8")
# Threads that wait for one another give their core away instead of spinning.  Measured on two cores with one other
# busy process: the same run took 10 s instead of 58 s; alone it took the same 7 s.
_PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
# Memory that a step gives back is kept for the next one (glibc), instead of being fetched from the system page by page.
_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
# Its log can hold every class name and path, also where the system's own encoding cannot (Windows).
_ANY_CHARACTER = {"PYTHONUTF8": "1"}
WORKER_SETTINGS = _PATIENT_THREADS | _KEPT_MEMORY | _ANY_CHARACTER
"""Environment of a worker, where the person has not set these otherwise."""
# On Windows a process group and console of its own; start_new_session does the same elsewhere.
_DETACHED: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


def start_job(name: str, settings: Mapping[str, Any]) -> RunFolder:
    """Write the run folder of a job and start its worker, which queues for its device; ``name`` is that of its kind.

    Where the kind says so, a job that does the same already is returned instead, and those that are over are removed.
    Raises ``StorageError`` where the folder cannot be written, ``UnknownNameError`` for another kind, and
    ``ValueError`` where the settings are not those that the kind takes.
    """
    kind = find_kind(name)
    if settings.keys() != kind.settings:
        raise ValueError(f"A {name} takes {sorted(kind.settings)}, not {sorted(settings)}.")
    content = dict(settings) | ({"device": kind.device} if kind.device else {})
    earlier = list_runs(name) if kind.is_joined or kind.forgets is not Forget.NONE else []
    for run in earlier:
        is_same = run.config()["settings"] == content
        if not run.status().is_over:
            if is_same and kind.is_joined:
                return run
        elif kind.forgets is Forget.ALL or (kind.forgets is Forget.SAME and is_same):
            run.delete()
    run = create_run(name, kind.folder_label(content), content)
    start_worker(run)
    return run


def start_finetune(config: FinetuneConfig, resources: Resources | None = None) -> RunFolder:
    """Start a fine-tuning run, on this machine or where ``resources`` say.

    Raises ``TlvizError`` where the run cannot start here, ``StorageError`` where the folder cannot be written.
    """
    if resources is not None and resources.launcher != LOCAL:
        check_startable(_elsewhere(config))
        return submit_finetune(config, resources)
    check_startable(config)
    return start_job(FINETUNE, config.to_json())


def start_race(
    configs: Sequence[FinetuneConfig],
    sweep: str,
    *,
    halving: bool = False,
    labels: Sequence[str] | None = None,
    resources: Resources | None = None,
) -> RunFolder:
    """Start one worker that executes the runs of ``plan_race`` one after another, in this order.

    Where ``resources`` name a cluster, each run is a job of its own there, and several work side by side.

    ``labels`` distinguish the runs of a sweep of plans, one for each run, the same for every seed of a plan.
    Raises ``TlvizError`` as ``start_finetune`` for any of the runs, and ``StorageError``.
    """
    is_here = resources is None or resources.launcher == LOCAL
    check_startable(*(configs if is_here else map(_elsewhere, configs)))
    first = configs[0]
    settings = {"model": first.model, "data": first.data, "device": first.device, "sweep": sweep, "halving": halving}
    members = [config.to_json() for config in configs]
    if labels is not None:
        members = [member | {sweep: label} for member, label in zip(members, labels, strict=True)]
    settings |= {"members": members, "best": None}
    if resources is not None and not is_here:
        return submit_race(settings, resources)
    return start_job(RACE, settings)


def start_best(
    models: Sequence[str], data: str, minutes: float, base: Mapping[str, Any] | None = None, device: str = "auto"
) -> RunFolder:
    """Start a race that plans itself: the search for the best model of a target within a budget of minutes.

    ``base`` holds settings of all its runs, such as the reading of the target.  Raises ``BadSettingError`` for a budget
    that is of no use, ``TlvizError`` as ``start_finetune``, and ``StorageError``.
    """
    asked = {"minutes": check_minutes(minutes), "models": list(models), "base": dict(base or {})}
    plain = asked["base"] | {"device": device}
    check_startable(*(configure(model, data, "two_phase", **plain) for model in models))
    settings = {"model": models[0], "data": data, "device": device, "sweep": PLAN, "halving": False, "members": []}
    return start_job(RACE, settings | {"best": asked})


def _elsewhere(config: FinetuneConfig) -> FinetuneConfig:
    """Return a run to be checked here for what it needs there: this machine's devices do not matter."""
    return replace(config, device=DeviceChoice.AUTO)


def start_range_test(config: FinetuneConfig) -> RunFolder:
    """Start trying head rates for a run's settings.  Raises ``TlvizError`` as ``start_finetune``, ``StorageError``."""
    check_startable(config)
    return start_job(RANGE_TEST, config.to_json())


def start_download(spec: ModelSpec) -> RunFolder:
    """Start downloading a network's weights.  Raises ``StorageError``."""
    return start_job(DOWNLOAD, {"model": spec.name})


def start_ingest(data: str, to: Path | None = None, geometry: Mapping[str, Any] | None = None) -> RunFolder:
    """Start downloading or unpacking a target, and decoding it where a geometry is given.  Raises ``StorageError``."""
    return start_job(INGEST, {"data": data, "to": str(to) if to else None, "geometry": geometry})


def start_doctor(data: str, *, features: bool = True) -> RunFolder:
    """Start looking for what is wrong with a target; the report is kept.  Raises ``StorageError``."""
    return start_job(DOCTOR, {"data": data, "features": features})


def start_profile(request: Request) -> RunFolder:
    """Start profiling a network on a target, for ``diagnose.profile_store`` to find.  Raises ``StorageError``."""
    return start_job(PROFILE, request.to_json())


def start_answers(run: RunFolder, part: str) -> RunFolder:
    """Start asking a run's best weights about its validation or test images.  Raises ``StorageError``."""
    return start_job(ANSWERS, {"run": run.name, "part": part})


def start_export(
    run: RunFolder, to: Path, formats: Sequence[str], *, weights: str = "best", zipped: bool = False, check: bool = True
) -> RunFolder:
    """Start writing a run's files into a new or empty folder and checking them.

    ``formats`` are names of ``Format``.  Raises ``StorageError``.
    """
    name = run.name if run.path.parent.resolve() == runs_folder().resolve() else str(run.path.resolve())
    for earlier in list_runs(EXPORT):
        if earlier.config()["settings"].get("run") == name and earlier.status().is_over:
            earlier.delete()  # what was exported stays; of the record of it the last one is enough
    settings = {"run": name, "formats": list(formats), "to": str(to.absolute()), "weights": weights}
    return start_job(EXPORT, settings | {"zip": zipped, "check": check})


def start_visualise(model: str, request: Mapping[str, Any], *, tuned: str | None = None) -> RunFolder:
    """Start drawing what excites a channel.  Raises ``StorageError``.

    ``request`` are the fields of a ``VisualisationRequest``; ``tuned`` names a finished run whose weights are meant.
    """
    return start_job(VISUALISE, {"model": model, "run": tuned, "wish": dict(request)})


def resume_run(run: RunFolder) -> None:
    """Start a new worker on a run that was stopped, failed or lost; it goes on after the last epoch.

    Raises ``BadSettingError`` where there is nothing to resume, ``StorageError`` where the folder cannot be written.
    """
    resources = resources_of(run)
    if resources is not None:
        resubmit(run, resources)
        return
    run.request_resume()
    start_worker(run)


def stop_run(run: RunFolder) -> None:
    """Ask a run or a race to stop and keep what it has; on a cluster, what waits is taken out of the queue.

    Raises ``StorageError``.
    """
    if read_scheduled(run.path) is not None:
        cancel(run)
    else:
        run.request_stop()


def start_worker(run: RunFolder) -> subprocess.Popen[bytes]:
    """Start what waits for a run's turn and then becomes its worker, detached from this process and its terminal.

    Raises ``StorageError`` where the folder cannot be written.
    """
    search_path = os.pathsep.join(filter(None, (str(PROJECT_ROOT), os.environ.get("PYTHONPATH"))))
    device = str(run.config()["settings"].get("device", "auto"))
    lock, ticket = lock_path(device), _take_ticket(run, device)
    with storage_errors(run.path), (run.path / "log.txt").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 (this program's own module)
            # -I and -S: nothing else is imported, whatever lies in the folder that the person is in.
            [sys.executable, *_BARE, str(WAITER), str(run.path), str(lock), str(ticket), socket.gethostname()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=WORKER_SETTINGS | os.environ | {"PYTHONPATH": search_path},
            start_new_session=True,
            creationflags=_DETACHED,
        )


def _take_ticket(run: RunFolder, device: str) -> Path:
    """Note a run at the end of the queue of its device; the file says whose place it is."""
    ticket = tickets_folder(device) / f"{time.time_ns():020d}-{uuid.uuid4().hex[:4]}"
    with storage_errors(ticket):
        ticket.write_text(str(run.path.absolute()), encoding="utf-8", errors="surrogateescape")
    return ticket


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
