"""Races on the command line: strategies, or values of one setting, on equal terms."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from tlviz.api.asking import RACE_OPTIONS, ask_race, what_is_swept
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
from tlviz.cli.output import Json, print_result, stderr
from tlviz.cli.race_text import standings_table
from tlviz.cli.reading import tell_reading
from tlviz.cli.settings import takes_settings
from tlviz.finetune.settings import Group
from tlviz.runs.curves import CurveReader
from tlviz.runs.launch import start_race
from tlviz.runs.races.plan import STRATEGY, SWEEPS, parse_seeds
from tlviz.runs.races.race import Race, read_race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.source_left_in_race import left_in_standing
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status

POLL_S = 0.3


WHAT = Group.RUN.value


@takes_settings(RACE_OPTIONS, strategy="full")
def race(
    chosen: dict[str, Any],
    strategies: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Strategies to race, comma-separated.", rich_help_panel=WHAT,
            show_default="the course's seven",
        ),
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=WHAT,
            help=f"Race values of one setting instead, with --values and --strategy. One of {', '.join(SWEEPS)}.",
        ),
    ] = None,
    values: Annotated[
        str | None, typer.Option(metavar="VALUES", help="Values for --sweep, comma-separated.", rich_help_panel=WHAT)
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(metavar="NS", help="Comma-separated; each decides a split of its own.", rich_help_panel=WHAT),
    ] = "0,1,2",
    halving: Annotated[
        bool,
        typer.Option(
            "--halving", rich_help_panel=Group.TRAINING.value,
            help="After a third and two thirds of the epochs, runs more than one standard error below the median stop.",
        ),
    ] = False,
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
) -> int:  # fmt: skip
    """Race strategies, or values of one setting, on equal terms, and say which wins and whether it is noise."""
    resources = chosen_resources(launcher, partition, account, time_min, memory_gb, gpus, cpus, array_size, extra)
    named, tried = (None if text is None else text.split(",") if text else [] for text in (strategies, values))
    name, texts = what_is_swept(named, sweep, tried, "--{}")
    configs, target = ask_race(chosen, name, texts, parse_seeds(seeds), bytes_progress("unpacked"))
    run = start_race(configs, name, halving=halving, resources=resources)
    tell_reading(target)
    return follow_race(run, as_json)


def follow_race(run: RunFolder, as_json: bool) -> int:
    """Wait for a race to end, print its standings, and return the exit status; Ctrl-C stops it."""
    found = watch_race(run)
    if found.status in (Status.FAILED, Status.LOST):
        print(f"tlviz: {found.trouble}", file=sys.stderr)
        return 2 if run.events()[-1:] and run.events()[-1].get("is_mistake") else 1
    ranked = standings(found)
    result = race_result(found, ranked)
    print_result(result, as_json, standings_table(found, ranked))
    failed = [member for member in found.members if member.curve.error]
    for member in failed:
        print(f"tlviz: {member.words}, seed {member.seed}: {member.curve.error}", file=sys.stderr)
    return 1 if len(failed) == len(found.members) else 0


def race_result(found: Race, ranked: list[Standing]) -> dict[str, Any]:
    """Return a race as the command line prints it; ``strategies`` has an entry for each swept value."""
    rows = [
        {
            "strategy": standing.value if found.sweep == STRATEGY else found.members[0].settings.get(STRATEGY),
            "value": standing.value,
            "val_accuracy_mean": standing.accuracy,
            "val_accuracy_se": standing.error,
            "duration_s": standing.seconds,
            "trainable_parameters": standing.trainable_parameters,
            "runs": list(standing.runs),
            "seeds": standing.seeds,
            "memory_mb": standing.memory_mb,
            "source_kept": standing.source_kept,
            "source_kept_se": left.error if left else None,
            "source_pictures": left.pictures if left else None,
            "gap": standing.gap,
            "is_distinguishable": standing.is_distinguishable,
            "is_dropped": standing.is_dropped,
            "is_winner": standing.is_won,
            "val_accuracy_without_choice": standing.without_choice,
            "val_accuracies": dict(standing.scores),
        }
        for standing, left in ((standing, left_in_standing(found, standing)) for standing in ranked)
    ]
    about = {"race": found.name, "status": found.status, "model": found.model, "data": found.data}
    return about | {"sweep": found.sweep, "strategies": rows, "duration_s": found.duration_s}


def watch_race(run: RunFolder) -> Race:
    """Wait for a race to end, telling runs and epochs on standard error."""
    reader, told = CurveReader(), dict[int, int]()
    stderr.print(f"race {run.name}", markup=False)
    notes = 0

    def look() -> None:
        nonlocal notes
        found = read_race(run, reader)
        for member in sorted(found.members, key=lambda member: member.number):
            for point in member.curve.points[told.get(member.number, 0) :]:
                stderr.print(
                    f"{member.words}, seed {member.seed}, epoch {point.epoch}: "
                    f"validation accuracy {point.val_accuracy:.3f}, {point.seconds:.1f} s",
                    markup=False,
                )
            told[member.number] = len(member.curve.points)
        for note in found.notes[notes:]:
            stderr.print(note, markup=False)
        notes = len(found.notes)

    wait_for(run, look, lambda: stderr.print("stopping; what is finished is kept"), POLL_S)
    return read_race(run, reader)
