"""Runs as jobs of a SLURM cluster, through ``submitit``: several at once are one job array."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tlviz.errors import BadSettingError, TlvizError
from tlviz.home import PROJECT_ROOT, home, make_folder, storage_errors
from tlviz.runs.launchers.resources import SLURM, Resources
from tlviz.runs.launchers.task import ScheduledWorker
from tlviz.runs.store.ballast import say_last
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.json_lines import encode
from tlviz.runs.store.scheduled import JOB_NAME, TIMEOUT_S, Scheduled, read_scheduled, states_of, write_scheduled

LARGEST_ARRAY = 1000
"""SLURM's own default is 1001 jobs in an array; more runs become several arrays."""
ENDLESS = 10_000
"""How often a job that ran into its limit is queued again."""
MISSING = (
    "The launcher slurm needs the package submitit: install it with `pip install -r requirements-cluster.txt`, or "
    "choose the launcher local."
)
NO_SBATCH = (
    "The launcher slurm needs sbatch and srun, which are not on the path of this machine: start tlviz on a login node "
    "of the cluster, or choose the launcher local."
)


class SlurmLauncher:
    """Submits runs to SLURM; their folders and the caches must be on a disk that the nodes see."""

    def submit(self, runs: Sequence[RunFolder], resources: Resources) -> None:
        """Submit runs, several as a job array, and note in each folder which job it is.

        Raises ``BadSettingError`` where SLURM refuses them, or is not here.
        """
        need_slurm()
        for at in range(0, len(runs), LARGEST_ARRAY):
            self._submit(runs[at : at + LARGEST_ARRAY], resources)

    def _submit(self, runs: Sequence[RunFolder], resources: Resources) -> None:
        logs = make_folder(home() / SLURM / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}")
        jobs = _sbatch(logs, [str(run.path.absolute()) for run in runs], resources)
        asked, torch = asdict(resources), version("torch")
        for run, job in zip(runs, jobs, strict=True):
            write_scheduled(run.path, Scheduled(SLURM, job, time.time(), torch, str(logs), asked))

    def state(self, run: RunFolder) -> Status:
        """Return where a run stands, by what SLURM says of its job."""
        return run.status()

    def cancel(self, run: RunFolder) -> None:
        """Stop a run; one that waits in SLURM's queue is taken out of it.  Raises ``StorageError``."""
        run.request_stop()
        job = read_scheduled(run.path)
        states = states_of(job) if job else None
        if job is None or not states or run.status() is not Status.QUEUED:
            return
        tool = shutil.which("scancel")
        if tool is None:
            return
        subprocess.run([tool, job.job], capture_output=True, check=False, timeout=TIMEOUT_S)  # noqa: S603
        end = {"event": "finished", "time": time.time(), "status": Status.STOPPED, "duration_s": 0.0}
        say_last(run.path, run.path / "events.jsonl", encode(end))


def need_slurm() -> None:
    """Raise ``BadSettingError`` where runs cannot be submitted from this machine."""
    try:
        import submitit  # noqa: F401
    except ImportError as error:
        raise BadSettingError(MISSING) from error
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise BadSettingError(NO_SBATCH)


def _sbatch(logs: Path, folders: Sequence[str], resources: Resources) -> list[str]:
    """Submit a worker for each folder and return the jobs' numbers.  Raises ``BadSettingError``, ``StorageError``."""
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    executor = submitit.SlurmExecutor(logs, max_num_timeout=ENDLESS)
    try:
        executor.update_parameters(**_parameters(resources))
        with storage_errors(logs):
            jobs = executor.map_array(ScheduledWorker(resources.notice_s), list(folders))
    except (FailedJobError, FailedSubmissionError, subprocess.CalledProcessError) as error:
        raise BadSettingError(_refusal(error)) from error
    except TlvizError:
        raise
    except (ValueError, TypeError) as error:
        raise BadSettingError(f"The job cannot be described to SLURM: {error}") from error
    return [str(job.job_id) for job in jobs]


def _parameters(resources: Resources) -> dict[str, Any]:
    """Return resources by the names that ``submitit`` has for them; what is not asked for is the cluster's default."""
    exported = {"TLVIZ_HOME": str(home().absolute()), "PYTHONPATH": str(PROJECT_ROOT)}
    asked: dict[str, Any] = {
        "job_name": JOB_NAME,
        "time": resources.time_min,
        "cpus_per_task": resources.cpus,
        "ntasks_per_node": 1,
        "array_parallelism": resources.array_size,
        "signal_delay_s": resources.notice_s,
        "setup": [f"export {name}={shlex.quote(value)}" for name, value in exported.items()],
        "additional_parameters": {"requeue": True} | resources.extra,
    }
    if resources.memory_gb:
        asked["mem"] = f"{round(resources.memory_gb * 1024)}M"
    if resources.gpus:
        asked["gpus_per_node"] = resources.gpus
    for name in ("partition", "account"):
        if value := getattr(resources, name):
            asked[name] = value
    return asked


def _refusal(error: Exception) -> str:
    """Say in one sentence why SLURM did not take a job, with the partitions that there are where that was wrong."""
    said = getattr(error, "stderr", None) or str(error)
    said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    lines = [line.partition("error:")[2].strip() for line in said.splitlines() if "error:" in line]
    lines = [line for line in lines if line and "Batch job submission failed" not in line] or lines
    reason = (lines or [" ".join(said.split())[-200:]])[0].rstrip(".")
    there = f" The partitions here are {', '.join(names)}." if "partition" in reason and (names := partitions()) else ""
    return f"SLURM did not take the job: {reason}.{there}"


def partitions() -> list[str]:
    """Return the names of the cluster's partitions, none where it does not say."""
    tool = shutil.which("sinfo")
    if tool is None:
        return []
    try:
        told = subprocess.run(  # noqa: S603
            [tool, "--noheader", "--format=%R"], capture_output=True, text=True, check=True, timeout=TIMEOUT_S
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(set(told.split()))
