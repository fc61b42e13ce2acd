"""Starting, resuming and stopping runs on a cluster: their folders are made before they are submitted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tlviz.errors import BadSettingError, TlvizError
from tlviz.finetune.config import FinetuneConfig
from tlviz.home import storage_errors
from tlviz.runs.launchers.resources import Resources
from tlviz.runs.launchers.slurm import SlurmLauncher, need_slurm
from tlviz.runs.races.race import (
    NUMBER_KEY,
    RACE_KEY,
    MemberState,
    folder_of,
    member_runs,
    planned_settings,
    read_queue,
    read_race,
)
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.json_lines import append_line, encode
from tlviz.runs.store.kinds import FINETUNE, RACE, find_kind
from tlviz.runs.store.scheduled import Scheduled, read_scheduled, write_scheduled

HALVING = (
    "Successive halving compares runs while they train, which jobs of a cluster do not: leave --halving out, or choose "
    "the launcher local."
)


def submit_finetune(config: FinetuneConfig, resources: Resources) -> RunFolder:
    """Make the folder of a run and submit it.  Raises ``BadSettingError`` where SLURM does not take it."""
    need_slurm()
    settings = config.to_json()
    run = create_run(FINETUNE, find_kind(FINETUNE).folder_label(settings), settings)
    _submit_or_remove([run], resources, [run])
    return run


def submit_race(settings: dict[str, Any], resources: Resources) -> RunFolder:
    """Make the folders of a race and its runs, and submit these as a job array.

    ``settings`` are those of the race's own folder.  Raises ``BadSettingError`` where SLURM does not take it.
    """
    need_slurm()
    if settings.get("halving"):
        raise BadSettingError(HALVING)
    race = create_run(RACE, find_kind(RACE).folder_label(settings), settings)
    _record(race, "started", {"runs": len(settings["members"])})
    made = [_member(race, number, member) for number, member in enumerate(settings["members"])]
    _submit_or_remove(made, resources, [*made, race])
    _note_race(race, made)
    return race


def resubmit(run: RunFolder, resources: Resources) -> None:
    """Submit a run, or what is unfinished of a race, again; it goes on after the last epoch.

    Raises ``BadSettingError`` where there is nothing to resume, or SLURM does not take it.
    """
    need_slurm()
    if run.config()["kind"] != RACE:
        run.request_resume()
        SlurmLauncher().submit([run], resources)
        return
    run.request_resume()
    known, cancelled = member_runs(run.events()), read_queue(run).cancelled
    open_runs = []
    for member in read_race(run).members:
        if member.number in cancelled or member.state in (MemberState.FINISHED, MemberState.GONE):
            continue
        name = known.get(member.number)
        folder = folder_of(run, name) if name else _member(run, member.number, planned(run)[member.number])
        with suppress(BadSettingError):  # somebody resumed it alone
            if folder.status().is_over:
                folder.request_resume()
            open_runs.append(folder)
    _record(run, "resumed", {"runs": len(planned(run))})
    if open_runs:
        SlurmLauncher().submit(open_runs, resources)
        _note_race(run, open_runs)


def planned(race: RunFolder) -> list[dict[str, Any]]:
    """Return the settings of a race's runs."""
    return planned_settings(race.config()["settings"])


def cancel(run: RunFolder) -> None:
    """Stop a run or a race on a cluster; what waits there is taken out of the queue.  Raises ``StorageError``."""
    if run.config()["kind"] == RACE:
        for name in member_runs(run.events()).values():
            member = folder_of(run, name)
            if not member.status().is_over:
                SlurmLauncher().cancel(member)
    SlurmLauncher().cancel(run)


def resources_of(run: RunFolder) -> Resources | None:
    """Return what a run asked its cluster for, None where it was on none.  Raises ``BadSettingError``."""
    job = read_scheduled(run.path)
    try:
        return Resources(**job.asked) if job else None
    except TypeError as error:
        raise BadSettingError(f"The launcher.json of {run.name} is of another version; start the run anew.") from error


def _member(race: RunFolder, number: int, settings: dict[str, Any]) -> RunFolder:
    told = {RACE_KEY: race.name, NUMBER_KEY: number}
    run = create_run(FINETUNE, find_kind(FINETUNE).folder_label(settings), settings | told)
    _record(race, "member", {"number": number, "run": run.name})
    return run


def _note_race(race: RunFolder, members: Sequence[RunFolder]) -> None:
    """Note the array of a race's runs with the race itself."""
    first = read_scheduled(members[0].path)
    if first is not None:
        job = Scheduled(
            first.launcher, first.job.partition("_")[0], first.submitted, first.torch, first.logs, first.asked
        )
        write_scheduled(race.path, job)


def _submit_or_remove(runs: Sequence[RunFolder], resources: Resources, made: Sequence[RunFolder]) -> None:
    """Submit runs; where they are refused, the folders that were made for them are removed."""
    try:
        SlurmLauncher().submit(runs, resources)
    except TlvizError:
        for folder in made:
            if read_scheduled(folder.path) is None:
                _remove(folder)
        raise


def _remove(folder: RunFolder) -> None:
    shutil.rmtree(folder.path, ignore_errors=True)


def _record(race: RunFolder, event: str, values: dict[str, Any]) -> None:
    events = race.path / "events.jsonl"
    with storage_errors(events):
        append_line(events, encode({"event": event, "time": time.time()} | values))
