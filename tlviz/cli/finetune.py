"""Fine-tuning on the command line: every setting of a run, and the wait for its end."""

from __future__ import annotations

import sys
import time
from typing import Any

from tlviz.api.asking import ask_run
from tlviz.api.waiting import wait_for
from tlviz.cli.datasets import bytes_progress
from tlviz.cli.launching import (
    Account,
    ArraySize,
    Cpus,
    Extra,
    Gpus,
    Launcher,
    Memory,
    Partition,
    TimeMin,
    chosen_resources,
)
from tlviz.cli.output import Facts, Json, print_result, stderr
from tlviz.cli.reading import tell_reading
from tlviz.cli.settings import takes_settings
from tlviz.data.sources.target import Target
from tlviz.finetune.config import SETTINGS, FinetuneConfig
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.chosen_epoch import run_without_choice
from tlviz.runs.launch import start_finetune
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import RunSummary, summarise

PATIENCE_S = 10.0
_NAMED = 8
"""A run that has not begun by then is named all the same: it waits for one before it."""
STRATEGIES_EPILOG = "\n\n".join(
    ["Strategies:", *(f"[bold]{name}[/bold]: {strategy.sentence}" for name, strategy in STRATEGIES.items())]
)


@takes_settings(SETTINGS.values())
def finetune(
    chosen: dict[str, Any],
    launcher: Launcher = None,
    partition: Partition = None,
    account: Account = None,
    time_min: TimeMin = None,
    memory_gb: Memory = None,
    gpus: Gpus = None,
    cpus: Cpus = None,
    array_size: ArraySize = None,
    extra: Extra = None,
    as_json: Json = False,
) -> int:
    """Fine-tune a network on a target and keep the best epoch's weights."""
    resources = chosen_resources(launcher, partition, account, time_min, memory_gb, gpus, cpus, array_size, extra)
    config, target = read_run(chosen)
    run = start_finetune(config, resources)
    tell_reading(target)
    return follow(run, as_json)


def read_config(chosen: dict[str, Any]) -> FinetuneConfig:
    """Return the run that the options of a command describe.  Raises ``TlvizError`` for a person's mistake."""
    return read_run(chosen)[0]


def read_run(chosen: dict[str, Any]) -> tuple[FinetuneConfig, Target]:
    """Return the run that the options of a command describe, and its target.

    Raises ``TlvizError`` for a person's mistake.
    """
    model, data, strategy = (chosen.pop(name) for name in ("model", "data", "strategy"))
    return ask_run(model, data, strategy, chosen, bytes_progress("unpacked"))


def follow(run: RunFolder, as_json: bool) -> int:
    """Wait for a run to end, print what it reached, and return the exit status."""
    summary = _watch(run)
    if summary.status in (Status.FAILED, Status.LOST):
        print(f"tlviz: {summary.error}", file=sys.stderr)
        return 2 if run.events()[-1:] and run.events()[-1].get("is_mistake") else 1
    result = _result(summary)
    begun = summary.start_event
    told = {name: begun.get(name) for name in ("reading", "left_out", "left_out_count", "problems")}
    more = {"val_accuracy_without_choice": run_without_choice(summary)}
    print_result(result | more | told, as_json, Facts(result))
    return 0


def _watch(run: RunFolder) -> RunSummary:
    """Wait for a run to end, telling its epochs on standard error; Ctrl-C stops it and keeps the best."""
    told = -1

    def look() -> None:
        nonlocal told
        summary = summarise(run)
        if told < 0 and (summary.start_event or time.time() - summary.started > PATIENCE_S):
            stderr.print(f"run {run.name}", markup=False)
            told = 0
            _tell_problems(summary.start_event)
        for epoch in summary.epochs[max(0, told) :]:
            stderr.print(
                f"epoch {epoch['epoch']}: validation accuracy {epoch['val_accuracy']:.3f}, "
                f"loss {epoch['val_loss']:.3f}, {epoch['duration_s']:.1f} s"
            )
            told += 1

    wait_for(run, look, lambda: stderr.print("stopping; the best weights so far are kept"))
    return summarise(run)


def _tell_problems(begun: dict[str, Any]) -> None:
    """Say what was left out of a target or read with a note, the first few by name."""
    problems = [f"{met['path']}: {met['problem']}; {met['action']}" for met in begun.get("problems") or ()]
    named = {met["path"] for met in begun.get("problems") or ()}
    others = [one for one in begun.get("left_out") or () if one["path"] not in named]
    problems += [f"{one['path']}: {one['reason']}; left out" for one in others]
    for line in problems[:_NAMED]:
        stderr.print(f"  {line}", markup=False)
    if len(problems) > _NAMED:
        stderr.print(f"  and {len(problems) - _NAMED:,} more: tlviz datasets check names all")


def _result(summary: RunSummary) -> dict[str, Any]:
    names = (
        "run",
        "status",
        "strategy",
        "best_epoch",
        "best_val_accuracy",
        "test_accuracy",
        "epochs_run",
        "duration_s",
        "images_per_s",
        "trainable_parameters",
        "frozen_parameters",
        "peak_memory_mb",
        "device",
        "folder",
    )
    return {name: getattr(summary, name) for name in names}
