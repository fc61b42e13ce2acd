"""Advised against best: what was advised for a network and a target, and what the runs since then say about it.

A file a pair in ``TLVIZ_HOME/advice``; it outlives the runs that it describes.  The app writes it, nobody else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tlviz.finetune.choices import BatchNorm, Tune
from tlviz.home import home, make_folder, write_atomic
from tlviz.runs.paired_runs import scored
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import RunSummary, summarise
from tlviz.small_files import check_types, read_json

FORMAT = 1
BY_DEPTH = "by depth"
"""The plan of the strategies that differ in nothing but how many stages they freeze to the end."""
Plan = tuple[str, int, str]
"""What is compared: a kind of strategy, its depth, and what else of the freeze plan differs."""
_DEPTH_STRATEGIES = frozenset({"head_only", "last_stages", "full"})
_TERMS = (
    "epochs",
    "image_size",
    "fit",
    "batch_size",
    "optimizer",
    "augment",
    "labels_per_class",
    "test_share",
    "folds",
)


@dataclass(frozen=True, slots=True)
class Advised:
    """An advice as it was given, ``when`` in seconds since 1970."""

    when: float
    freeze: int
    strategy: str
    head_lr: float
    backbone_lr: float
    confidence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one finished run reached on its ``images`` of validation; ``terms`` must be equal for a comparison.

    ``extra`` says in words what of its freeze plan the strategy and the depth do not, '' for nothing; ``hits`` in
    hexadecimal which images it named rightly, '' where that was not noted.
    """

    run: str
    when: float
    strategy: str
    freeze: int
    head_lr: float
    backbone_lr: float
    seed: int
    accuracy: float
    images: int
    terms: str
    extra: str = ""
    hits: str = ""

    @property
    def plan(self) -> Plan:
        """What is compared."""
        return plan_of(self.strategy, self.freeze, self.extra)


@dataclass(frozen=True, slots=True)
class AdviceRecord:
    """Everything known about advice for one network and target, the oldest first."""

    model: str
    data: str
    advised: tuple[Advised, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


def plan_of(strategy: str, freeze: int, extra: str = "") -> Plan:
    """Return what a strategy with a depth is compared as: strategies that only freeze differ by their depth alone."""
    return (BY_DEPTH if strategy in _DEPTH_STRATEGIES else strategy), freeze, extra


def load_record(model: str, data: str) -> AdviceRecord:
    """Return what is on record for a network and a target, an empty record where there is nothing readable."""
    try:
        found = read_json(_path(model, data))
        advised = tuple(Advised(**values) for values in found["advised"])
        record = AdviceRecord(model, data, advised, tuple(Outcome(**values) for values in found["outcomes"]))
        check_types(record)
        return record
    except (OSError, ValueError, KeyError, TypeError):
        return AdviceRecord(model, data)


def recorded_targets(model: str, most: int = 8) -> list[str]:
    """Return the targets, by name or path, that have advice for a network on record; the last changed first."""
    found: list[str] = []
    for file in sorted((home() / "advice").glob("*.json"), key=_changed, reverse=True):
        try:
            values = read_json(file)
            if values["model"] == model:
                found.append(str(values["data"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found[:most]


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def keep_record(advised: Advised, model: str, data: str) -> AdviceRecord:
    """Note an advice and every run that finished since the last look; return all that is on record.

    Advice that says what the last one said is not noted again.  Raises ``StorageError`` where it cannot be written.
    """
    before = load_record(model, data)
    last = before.advised[-1] if before.advised else None
    is_news = last is None or replace(last, when=0.0) != replace(advised, when=0.0)
    after = replace(
        before,
        advised=(*before.advised, advised) if is_news else before.advised,
        outcomes=merged(before.outcomes, finished_outcomes(model, data, {o.run for o in before.outcomes})),
    )
    if after != before:
        path = _path(model, data)
        make_folder(path.parent)
        write_atomic(path, json.dumps({"format": FORMAT} | asdict(after), indent=1).encode())
    return after


def merged(known: Iterable[Outcome], found: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Return outcomes without doubles, the oldest first."""
    by_run = {outcome.run: outcome for outcome in (*known, *found)}
    return tuple(sorted(by_run.values(), key=lambda outcome: (outcome.when, outcome.run)))


def finished_outcomes(model: str, data: str, known: Collection[str] = ()) -> list[Outcome]:
    """Return what the finished runs of a network on a target reached, without those that are known already."""
    new = [run for run in list_runs(FINETUNE) if run.name not in known]
    summaries = [summarise(run) for run in new if _is_of(run.config()["settings"], model, data)]
    return [outcome for summary in summaries if (outcome := _outcome(summary)) is not None]


def _outcome(summary: RunSummary) -> Outcome | None:
    settings, begun = summary.settings, summary.start_event
    reached = scored(summary)
    if summary.status is not Status.FINISHED or reached is None:
        return None
    freeze = settings.get("freeze")
    if freeze is None:
        freeze = 0 if begun.get("switches") else begun.get("freeze", 0)
    return Outcome(
        run=summary.run,
        when=summary.started,
        strategy=summary.strategy,
        freeze=int(freeze),
        head_lr=float(settings.get("head_lr", 0.0)),
        backbone_lr=float(settings.get("backbone_lr", 0.0)),
        seed=int(settings.get("seed", 0)),
        accuracy=reached.accuracy,
        images=reached.images,
        terms=", ".join(f"{name} {settings.get(name)}" for name in _TERMS if settings.get(name) not in (None, 0.0)),
        extra=_extra(settings),
        hits=reached.hits,
    )


def _extra(settings: Mapping[str, Any]) -> str:
    """State what a run's strategy and depth leave open about its freeze plan."""
    words = []
    if settings.get("frozen") is not None:
        words.append(f"frozen: {', '.join(settings['frozen']) or 'nothing'}")
    if settings.get("unfreeze"):
        words.append(f"unfreezing {settings['unfreeze']}")
    if settings.get("tune", Tune.ALL) != Tune.ALL:
        words.append(f"tuning {settings['tune']}")
    if settings.get("batchnorm", BatchNorm.FROZEN) != BatchNorm.FROZEN:
        words.append(f"BatchNorm: {settings['batchnorm']}")
    return "; ".join(words)


def _is_of(settings: Mapping[str, Any], model: str, data: str) -> bool:
    return settings.get("model") == model and settings.get("data") == data


def _path(model: str, data: str) -> Path:
    digest = hashlib.sha256(f"{model}\n{data}".encode(errors="surrogateescape")).hexdigest()[:16]
    return home() / "advice" / f"{digest}.json"
