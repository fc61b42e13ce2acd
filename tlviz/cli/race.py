"""Races on the command line: strategies, or values of one setting, on equal terms."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from tlviz.cli.datasets import bytes_progress
from tlviz.cli.finetune import MODEL_HELP, PATIENCE_HELP
from tlviz.cli.output import Json, print_result, stderr
from tlviz.cli.race_text import standings_table
from tlviz.data.pixels.images import settle
from tlviz.data.sources.catalogue import DATASETS
from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Augment, DeviceChoice
from tlviz.finetune.strategies import STRATEGIES, find_strategy
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import need_weights
from tlviz.models.spec import Stage
from tlviz.runs.curves import CurveReader
from tlviz.runs.races.plan import COURSE, STRATEGY, SWEEPS, parse_seeds, parse_values, plan_race
from tlviz.runs.races.race import Race, read_race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.store.device import check_device
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.launch import start_race

POLL_S = 0.3


def race(
    model: Annotated[str, typer.Option(help=MODEL_HELP)],
    data: Annotated[
        str, typer.Option(help=f"Target: {', '.join(DATASETS)}, a folder, an archive, a CSV, or a public one.")
    ],
    strategies: Annotated[
        str | None, typer.Option(help=f"Comma-separated, of {', '.join(STRATEGIES)}; default: the course's seven.")
    ] = None,
    sweep: Annotated[str | None, typer.Option(help=f"Instead: one setting, of {', '.join(SWEEPS)}.")] = None,
    values: Annotated[str | None, typer.Option(help="What --sweep tries, comma-separated.")] = None,
    strategy: Annotated[str, typer.Option(help="The strategy of all runs where another setting is swept.")] = "full",
    seeds: Annotated[str, typer.Option(help="Comma-separated; each decides a split of its own.")] = "0",
    epochs: Annotated[int | None, typer.Option()] = None,
    image_size: Annotated[int | None, typer.Option(help="Side in pixels; default: the weights' own.")] = None,
    batch_size: Annotated[int | None, typer.Option()] = None,
    patience: Annotated[int | None, typer.Option(help=PATIENCE_HELP)] = None,
    augment: Annotated[Augment | None, typer.Option()] = None,
    device: Annotated[DeviceChoice | None, typer.Option()] = None,
    halving: Annotated[bool, typer.Option("--halving", help="Drop clear losers after a third of the epochs.")] = False,
    as_json: Json = False,
) -> int:
    """Race strategies, or values of one setting, on equal terms, and say which wins and whether it is noise."""
    name, texts = _swept(strategies, sweep, values)
    spec = find_model(model)
    base: dict[str, Any] = {"model": spec.name, "data": settle(data, bytes_progress("unpacked"))}
    base |= {"epochs": epochs, "image_size": image_size, "batch_size": batch_size, "patience": patience}
    base |= {"augment": augment, "device": device}
    if name != STRATEGY:
        base["strategy"] = find_strategy(strategy).name
    tried, chosen_seeds = parse_values(name, texts), parse_seeds(seeds)
    configs = plan_race(base, name, tried, chosen_seeds, _stages(spec.name) if name == "freeze" else None)
    check_device(configs[0].device)
    if any(STRATEGIES[config.strategy].pretrained for config in configs):
        need_weights(spec)
    return follow_race(start_race(configs, name, halving=halving), as_json)


def follow_race(run: RunFolder, as_json: bool) -> int:
    """Wait for a race to end, print its standings, and return the exit status; Ctrl-C stops it."""
    found = _watch(run)
    if found.status in (Status.FAILED, Status.LOST):
        print(f"tlviz: {found.trouble}", file=sys.stderr)
        return 2 if run.events()[-1:] and run.events()[-1].get("is_mistake") else 1
    ranked = standings(found)
    result = race_result(found, ranked)
    print_result(result, as_json, standings_table(ranked))
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
            "gap": standing.gap,
            "is_distinguishable": standing.is_distinguishable,
            "is_dropped": standing.is_dropped,
        }
        for standing in ranked
    ]
    about = {"race": found.name, "status": found.status, "model": found.model, "data": found.data}
    return about | {"sweep": found.sweep, "strategies": rows, "duration_s": found.duration_s}


def _swept(strategies: str | None, sweep: str | None, values: str | None) -> tuple[str, list[str]]:
    """Return what is swept and its values as they were typed."""
    if sweep is None:
        if values is not None:
            raise BadSettingError("--values needs --sweep with the name of the setting.")
        return STRATEGY, strategies.split(",") if strategies else list(COURSE)
    if strategies is not None and sweep != STRATEGY:
        raise BadSettingError("A race sweeps one setting: give --strategies, or --sweep with --values.")
    if not values:
        raise BadSettingError(f"--sweep {sweep} needs --values with what to try, comma-separated.")
    return sweep, values.split(",")


def _stages(model: str) -> tuple[Stage, ...]:
    from tlviz.models.load import architecture_stages  # imports torch

    return architecture_stages(find_model(model), 2)


def _watch(run: RunFolder) -> Race:
    """Wait for a race to end, telling runs and epochs on standard error."""
    reader, told = CurveReader(), dict[int, int]()
    stderr.print(f"race {run.name}", markup=False)
    notes = 0
    while True:
        try:
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
            if found.status.is_over:
                return found
            time.sleep(POLL_S)
        except KeyboardInterrupt:
            stderr.print("stopping; what is finished is kept")
            run.request_stop()
