"""A race as it stands, read from its folder and those of its runs; and what a person asks of it.

The race's ``config.json`` holds the settings of every run in the order they were planned.  Its worker makes a run's
folder when its turn comes, which the race's events record; what a run reached is in the run's own folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tlviz.errors import BadSettingError
from tlviz.home import storage_errors, write_atomic
from tlviz.runs.curves import Curve, CurveReader
from tlviz.runs.failure import lost_words
from tlviz.runs.races.plan import value_words
from tlviz.runs.store.folder import FORMAT, RunFolder
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import encode
from tlviz.runs.store.kinds import RACE
from tlviz.small_files import MB, read_object

RACE_KEY = "race"
NUMBER_KEY = "race_number"
"""What the settings of a run say of the race it belongs to."""
ADDED = "added"
"""The event that adds a run to a race after it has begun."""
BEST = "best"
"""What the settings of a race say of the budget and the networks, where it is a search for the best model."""
PAUSE = "pause"
QUEUE = "queue.json"


class MemberState(StrEnum):
    """Where one run of a race stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    DROPPED = "dropped"
    FAILED = "failed"
    GONE = "gone"
    """Its folder was deleted or moved away."""


_STATES = {
    Status.QUEUED: MemberState.WAITING,
    Status.RUNNING: MemberState.RUNNING,
    Status.FINISHED: MemberState.FINISHED,
    Status.STOPPED: MemberState.STOPPED,
    Status.FAILED: MemberState.FAILED,
    Status.LOST: MemberState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One run of a race: its place in the plan, the swept value, and what is known of it by now."""

    number: int
    value: Any
    words: str
    seed: int
    settings: dict[str, Any]
    run: str | None
    state: MemberState
    curve: Curve

    @property
    def epochs(self) -> int:
        """How many epochs are planned, 1 where that cannot be read."""
        planned = self.settings.get("epochs")
        return planned if isinstance(planned, int) and planned > 0 else 1

    @property
    def is_open(self) -> bool:
        """Return whether the race still has to do with it."""
        return self.state in (MemberState.WAITING, MemberState.RUNNING)


@dataclass(frozen=True, slots=True)
class Queue:
    """What a person asked of a race: ``order`` of the runs by number, and those that shall not run."""

    order: tuple[int, ...] = ()
    cancelled: frozenset[int] = frozenset()

    def sort(self, numbers: Sequence[int]) -> list[int]:
        """Return run numbers in the wished order, those it does not name last."""
        wished = {number: at for at, number in enumerate(self.order)}
        return sorted(numbers, key=lambda number: (wished.get(number, len(wished)), number))


@dataclass(frozen=True, slots=True)
class Race:
    """A race as it stands; ``members`` are in the order of the queue, ``trouble`` is why it is incomplete, or None."""

    name: str
    status: Status
    model: str
    data: str
    sweep: str
    members: tuple[Member, ...]
    is_paused: bool
    beat: Heartbeat | None
    created: float
    duration_s: float | None
    notes: tuple[str, ...]
    trouble: str | None

    @property
    def values(self) -> list[str]:
        """Return the swept values in words, as planned."""
        return list(dict.fromkeys(member.words for member in sorted(self.members, key=lambda m: m.number)))


def read_race(run: RunFolder, reader: CurveReader | None = None) -> Race:
    """Read a race; works at any moment of its life, and where folders are missing or damaged, ``trouble`` says it."""
    reader = reader or CurveReader()
    config, (status, events) = run.config(), run.read()
    settings = config["settings"]
    planned = planned_settings(settings) + added_settings(events)
    queue, runs, dropped = read_queue(run), member_runs(events), dropped_members(events)
    sweep = str(settings.get("sweep", ""))
    members = []
    for number in queue.sort(range(len(planned))):
        member = _member(run, number, planned[number], sweep, runs.get(number), reader)
        if number in dropped and member.state is not MemberState.GONE:
            member = replace(member, state=MemberState.DROPPED)
        elif number in queue.cancelled and member.state is MemberState.WAITING:
            member = replace(member, state=MemberState.STOPPED)
        members.append(member)
    ended = events[-1] if status.is_over and events and events[-1].get("event") == "finished" else {}
    return Race(
        name=run.name,
        status=status,
        model=str(settings.get("model", "")),
        data=str(settings.get("data", "")),
        sweep=sweep,
        members=tuple(members),
        is_paused=(run.path / PAUSE).exists() and not status.is_over,
        beat=run.present_beat(),
        created=config["created"],
        duration_s=ended.get("duration_s"),
        notes=tuple(event["words"] for event in events if isinstance(event.get("words"), str)),
        trouble=ended.get("error") or _trouble(run, config["format"], status, members),
    )


def planned_settings(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the settings of a race's runs; what cannot be read is left out."""
    members = settings.get("members")
    return [member for member in members if isinstance(member, dict)] if isinstance(members, list) else []


def added_settings(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the settings of the runs that a search for the best model has added to its plan, in their order."""
    told = [event.get("runs") for event in events if event.get("event") == ADDED]
    return [settings for runs in told if isinstance(runs, list) for settings in runs if isinstance(settings, dict)]


def member_runs(events: Sequence[dict[str, Any]]) -> dict[int, str]:
    """Return the names of the runs that have a folder, by number."""
    told = [event for event in events if event.get("event") == "member"]
    return {e["number"]: e["run"] for e in told if _is_number(e.get("number")) and isinstance(e.get("run"), str)}


def dropped_members(events: Sequence[dict[str, Any]]) -> set[int]:
    """Return the numbers of the runs that successive halving has dropped."""
    return {event["number"] for event in events if event.get("event") == "dropped" and _is_number(event.get("number"))}


def read_queue(run: RunFolder) -> Queue:
    """Return what a person asked of a race; nothing where that cannot be read."""
    values = read_object(run.path / QUEUE, MB) or {}
    order, cancelled = (values.get(name, []) for name in ("order", "cancelled"))
    if not all(isinstance(numbers, list) and all(map(_is_number, numbers)) for numbers in (order, cancelled)):
        return Queue()
    return Queue(tuple(order), frozenset(cancelled))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def reorder(run: RunFolder, order: Sequence[int]) -> None:
    """Let a race's waiting runs go in this order.  Raises ``StorageError``."""
    _write_queue(run, replace(read_queue(run), order=tuple(order)))


def cancel_member(run: RunFolder, number: int) -> None:
    """Take one run out of a race: a waiting one does not start, a running one stops and keeps its best weights.

    Raises ``BadSettingError`` where it is over already, ``StorageError`` where the wish cannot be written.
    """
    member = next((member for member in read_race(run).members if member.number == number), None)
    if member is None or not member.is_open:
        raise BadSettingError(f"Run {number + 1} of the race {run.name} is over; there is nothing to cancel.")
    queue = read_queue(run)
    _write_queue(run, replace(queue, cancelled=queue.cancelled | {number}))
    if member.run and member.state is MemberState.RUNNING:
        folder_of(run, member.run).request_stop()


def pause(run: RunFolder) -> None:
    """Let a race wait after its present step.  Raises ``StorageError``."""
    with storage_errors(run.path):
        (run.path / PAUSE).touch()


def go_on(run: RunFolder) -> None:
    """Let a paused race continue.  Raises ``StorageError``."""
    with storage_errors(run.path):
        (run.path / PAUSE).unlink(missing_ok=True)


def folder_of(race: RunFolder, name: str) -> RunFolder:
    """Return the folder of one of a race's runs: it is beside the race's own."""
    return RunFolder(race.path.parent / name)


def _write_queue(run: RunFolder, queue: Queue) -> None:
    write_atomic(run.path / QUEUE, encode({"order": queue.order, "cancelled": sorted(queue.cancelled)}))


def state_of(folder: RunFolder, status: Status) -> MemberState:
    """Return where a run of this status stands."""
    return _STATES[status] if (folder.path / "config.json").exists() else MemberState.GONE


def _member(
    race: RunFolder, number: int, settings: dict[str, Any], sweep: str, name: str | None, reader: CurveReader
) -> Member:
    value, seed = settings.get(sweep), settings.get("seed")
    state, curve = MemberState.WAITING, Curve()
    if name is not None:
        folder = folder_of(race, name)
        status, curve = reader.read(folder)
        state = state_of(folder, status)
    return Member(
        number, value, value_words(sweep, value), seed if isinstance(seed, int) else 0, settings, name, state, curve
    )


def _trouble(run: RunFolder, form: int, status: Status, members: Sequence[Member]) -> str | None:
    """Describe what is wrong with a race that has not recorded it itself."""
    if form > FORMAT:
        return f"The race {run.name} is from a newer version of tlviz (format {form}); some of it may be missing."
    config = run.config()
    if config["kind"] != RACE or (not members and not config["settings"].get(BEST)):
        reason = run.damage() or "its config.json is incomplete or of another kind"
        return f"The race {run.name} cannot be read: {reason}."
    gone = sum(member.state is MemberState.GONE for member in members)
    if gone:
        return f"{gone} of its runs {'is' if gone == 1 else 'are'} no longer in this folder; the others are shown."
    if status is Status.FAILED:
        return "Its worker was killed, or the machine was restarted; resume it, and no finished epoch is lost."
    if status is Status.LOST:
        return lost_words(run.heartbeat())
    return None
