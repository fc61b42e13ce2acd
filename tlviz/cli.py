"""The same verbs as the pages, for terminals, batch jobs and tests.

``--json`` prints exactly one JSON object on standard output; progress goes to standard error.  Exit status 0, 2 with
one line for a person's mistake, 1 for anything else.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from tlviz.data.catalogue import DATASETS, DatasetSpec
from tlviz.data.folder import scan_folder
from tlviz.data.images import find_dataset, load_images
from tlviz.data.ingest import Geometry
from tlviz.data.pictures import Fit
from tlviz.errors import TlvizError
from tlviz.finetune.choices import (
    Augment,
    BatchNorm,
    ClassWeights,
    DeviceChoice,
    Monitor,
    Optimizer,
    Schedule,
    StageRates,
    Tune,
)
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.strategies import STRATEGIES
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.spec import ModelSpec
from tlviz.runs.device import check_device
from tlviz.runs.folder import RunFolder, Status, find_run, list_runs
from tlviz.runs.launch import resume_run, start_finetune
from tlviz.runs.summary import RunSummary, summarise

POLL_S = 0.1
PATIENCE_S = 10.0
"""A run that has not begun by then is named all the same: it waits for one before it."""

app = typer.Typer(help="See, measure and try transfer learning on images.", no_args_is_help=True, add_completion=False)
models_app = typer.Typer(invoke_without_command=True, help="The networks that can be the source.")
datasets_app = typer.Typer(invoke_without_command=True, help="The images that can be the target.")
runs_app = typer.Typer(invoke_without_command=True, help="The fine-tuning runs on this machine.")
app.add_typer(models_app, name="models")
app.add_typer(datasets_app, name="datasets")
app.add_typer(runs_app, name="runs")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
stderr = Console(stderr=True, highlight=False)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    try:
        result = typer.main.get_command(app).main(list(arguments), prog_name="tlviz", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except (typer.TyperException, TlvizError) as error:
        _complain(error)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130


def _complain(error: Exception) -> None:
    """Print an error as one line; Typer formats its own, which has nothing to say where help was printed."""
    message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    if message:
        print(f"tlviz: {' '.join(message.split())}", file=sys.stderr)


@models_app.callback()
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the networks."""
    if context.invoked_subcommand is None:
        rows = [_model_row(spec) for spec in MODELS.values()]
        _print({"models": rows}, as_json, _table(rows))


@models_app.command("show")
def show_model(name: str, as_json: Json = False) -> None:
    """Show one network with its stages, from stem to head."""
    from tlviz.models.load import load_network  # imports torch

    spec = find_model(name)
    stages = [
        {"name": s.name, "parameters": s.parameters, "channels": s.channels, "reduction": s.reduction}
        for s in load_network(spec).stages
    ]
    _print(_model_row(spec) | {"stages": stages}, as_json, _table(stages))


@datasets_app.callback()
def datasets(context: typer.Context, as_json: Json = False) -> None:
    """List the targets that ship with the program."""
    if context.invoked_subcommand is None:
        rows = [_dataset_row(spec) for spec in DATASETS.values()]
        _print({"datasets": rows}, as_json, _table(rows))


@datasets_app.command("check")
def check_dataset(path: str, as_json: Json = False) -> None:
    """Open every picture of a target and say what is odd."""
    images = load_images(path, Geometry(224, Fit.PAD, "bilinear", 1.0), _decoding_progress)
    problems = [asdict(problem) for problem in images.problems]
    result = {"classes": list(images.classes), "images": len(images.labels), "problems": problems}
    _print(result, as_json, _table(problems) if problems else f"{len(images.labels)} images, nothing odd.")


@runs_app.callback()
def runs(context: typer.Context, as_json: Json = False) -> None:
    """List the runs, newest first."""
    if context.invoked_subcommand is None:
        rows = [_run_row(summarise(run)) for run in list_runs()]
        readable = [{name: value for name, value in row.items() if name not in {"folder", "started"}} for row in rows]
        _print({"runs": rows}, as_json, _table(readable) if rows else "There are no runs yet.")


@runs_app.command("show")
def show_run(run: str, as_json: Json = False) -> None:
    """Show one run with its settings and its epochs."""
    summary = summarise(find_run(run))
    result = _run_row(summary) | {"error": summary.error, "config": summary.settings, "epochs": summary.epochs}
    readable = [{name: value for name, value in e.items() if not isinstance(value, dict)} for e in summary.epochs]
    _print(result, as_json, _table(readable) if readable else f"{summary.status}: {summary.error or ''}")


@runs_app.command("stop")
def stop_run(run: str, as_json: Json = False) -> None:
    """Stop a run and keep its best weights."""
    found = find_run(run)
    found.request_stop()
    _print({"run": found.name, "stop_requested": True}, as_json, f"Asked {found.name} to stop.")


@runs_app.command("resume")
def resume(run: str, as_json: Json = False) -> int:
    """Go on with a run that was stopped, killed or lost, from its last epoch to the same weights as without a break."""
    found = find_run(run)
    resume_run(found)
    return _end(found, as_json)


@runs_app.command("delete")
def delete_run(run: str, as_json: Json = False) -> None:
    """Delete a run that is over."""
    found = find_run(run)
    found.delete()
    _print({"run": found.name, "deleted": True}, as_json, f"Deleted {found.name}.")


@app.command("finetune")
def finetune(
    model: Annotated[str, typer.Option(help=f"Network: {', '.join(MODELS)}.")],
    data: Annotated[str, typer.Option(help=f"Target: {', '.join(DATASETS)} or a folder with a sub-folder a class.")],
    strategy: Annotated[str, typer.Option(help=f"One of {', '.join(STRATEGIES)}.")],
    freeze: Annotated[int | None, typer.Option(help="Frozen stages, counted from the stem.")] = None,
    head_lr: Annotated[float | None, typer.Option(help="Learning rate of the new head.")] = None,
    backbone_lr: Annotated[float | None, typer.Option(help="Learning rate of the last backbone stage.")] = None,
    layer_decay: Annotated[
        float | None, typer.Option(help="Factor of the rate from each stage to the one before.")
    ] = None,
    optimizer: Annotated[Optimizer | None, typer.Option()] = None,
    batch_size: Annotated[int | None, typer.Option()] = None,
    epochs: Annotated[int | None, typer.Option()] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs without a better one before the run ends.")] = None,
    dropout: Annotated[float | None, typer.Option(help="Before the logits; default: the architecture's own.")] = None,
    weight_decay: Annotated[float | None, typer.Option()] = None,
    augment: Annotated[Augment | None, typer.Option()] = None,
    image_size: Annotated[int | None, typer.Option(help="Side in pixels; default: the weights' own.")] = None,
    fit: Annotated[Fit | None, typer.Option(help="Pad with white, or crop as the weights' authors did.")] = None,
    frozen: Annotated[str | None, typer.Option(help="Frozen stages by name, any set: stem,fire2.")] = None,
    thaw: Annotated[str | None, typer.Option(help="What is frozen from an epoch on: 4:3,7:0 or 6:stem+fire2.")] = None,
    thaw_factor: Annotated[float | None, typer.Option(help="Factor of all rates at every unfreezing.")] = None,
    tune: Annotated[Tune | None, typer.Option(help="What trains in a stage that is not frozen.")] = None,
    lora_rank: Annotated[int | None, typer.Option(help="Width of the adapters of --tune lora.")] = None,
    batchnorm: Annotated[BatchNorm | None, typer.Option(help="What BatchNorm layers of frozen stages do.")] = None,
    stage_rates: Annotated[StageRates | None, typer.Option(help="How the backbone rate is shared out.")] = None,
    schedule: Annotated[Schedule | None, typer.Option(help="How all rates change over the epochs.")] = None,
    warmup: Annotated[float | None, typer.Option(help="Epochs over which the rates rise to their full height.")] = None,
    monitor: Annotated[Monitor | None, typer.Option(help="What decides the best epoch and patience.")] = None,
    class_weights: Annotated[ClassWeights | None, typer.Option(help="How much an image of each class counts.")] = None,
    label_smoothing: Annotated[float | None, typer.Option()] = None,
    mixup: Annotated[float | None, typer.Option(help="Alpha of mixup; 0 is off.")] = None,
    l2_sp: Annotated[float | None, typer.Option(help="Pull of pretrained weights back to their start.")] = None,
    ema: Annotated[float | None, typer.Option(help="Decay of averaged weights, such as 0.99; 0 is off.")] = None,
    accumulate: Annotated[int | None, typer.Option(help="Batches that make one update.")] = None,
    views: Annotated[int | None, typer.Option(help="Fixed versions of a picture for frozen stages.")] = None,
    cache_mb: Annotated[int | None, typer.Option(help="Memory for what frozen stages compute; 0 is off.")] = None,
    gauges: Annotated[bool | None, typer.Option(help="Measure what is left of the source.")] = None,
    deterministic: Annotated[bool | None, typer.Option(help="On a GPU: repeatable to the bit, slower.")] = None,
    compile_: Annotated[bool | None, typer.Option("--compile", help="On a GPU: torch.compile.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides the split, the head's start and the order.")] = None,
    device: Annotated[DeviceChoice | None, typer.Option()] = None,
    as_json: Json = False,
) -> int:
    """Fine-tune a network on a target and keep the best epoch's weights."""
    given = dict(locals())
    model, data, strategy, as_json = (given.pop(name) for name in ("model", "data", "strategy", "as_json"))
    choices = {name.rstrip("_"): value for name, value in given.items()}
    dataset = find_dataset(data)
    if isinstance(dataset, Path):
        scan_folder(dataset)
        data = str(dataset.resolve())
    choices["frozen"] = tuple(frozen.split(",")) if frozen else None
    config = configure(model, data, strategy, **choices)
    check_device(config.device)
    if freeze is not None or frozen is not None or thaw is not None:
        _check_freeze(config)
    run = start_finetune(config)
    return _end(run, as_json)


@app.command("export")
def export(
    run: str,
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    formats: Annotated[str, typer.Option(help="Comma-separated: safetensors, pt.")] = "safetensors",
    as_json: Json = False,
) -> None:
    """Write a run's best weights, each file reloaded and compared with the run."""
    from tlviz.export.formats import export_run, parse_formats  # imports torch

    written = export_run(find_run(run), to.expanduser(), parse_formats(formats))
    _print(asdict(written), as_json, "\n".join(written.files.values()))


def _end(run: RunFolder, as_json: bool) -> int:
    """Wait for a run to end, print what it reached, and return the exit status."""
    summary = _follow(run)
    if summary.status in (Status.FAILED, Status.LOST):
        print(f"tlviz: {summary.error}", file=sys.stderr)
        return 2 if run.events()[-1:] and run.events()[-1].get("is_mistake") else 1
    result = _finetune_result(summary)
    _print(result, as_json, _table([result]))
    return 0


def _check_freeze(config: FinetuneConfig) -> None:
    """Raise ``BadSettingError`` for a depth the network does not have, before a run is made."""
    from tlviz.models.load import stages_for_target  # imports torch

    plan_phases(config, stages_for_target(find_model(config.model), 2))


def _follow(run: RunFolder) -> RunSummary:
    """Wait for a run to end, telling its epochs on standard error; Ctrl-C stops it and keeps the best."""
    told = -1
    while True:
        try:
            summary = summarise(run)
            if told < 0 and (summary.start_event or time.time() - summary.started > PATIENCE_S):
                stderr.print(f"run {run.name}", markup=False)
                told = 0
            for epoch in summary.epochs[max(0, told) :]:
                stderr.print(
                    f"epoch {epoch['epoch']}: validation accuracy {epoch['val_accuracy']:.3f}, "
                    f"loss {epoch['val_loss']:.3f}, {epoch['duration_s']:.1f} s"
                )
                told += 1
            if summary.status.is_over:
                return summary
            time.sleep(POLL_S)
        except KeyboardInterrupt:
            stderr.print("stopping; the best weights so far are kept")
            run.request_stop()


def _finetune_result(summary: RunSummary) -> dict[str, Any]:
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


def _model_row(spec: ModelSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "provider": spec.provider,
        "bundled": spec.bundled,
        "parameters": spec.parameters,
        "input_size": spec.preprocessing.size,
    }


def _dataset_row(spec: DatasetSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "classes": len(spec.classes),
        "images": spec.images,
        "bundled": True,
        "downloaded": False,
        "licence": spec.licence,
    }


def _run_row(summary: RunSummary) -> dict[str, Any]:
    names = ("run", "folder", "status", "model", "data", "strategy", "epochs_run", "best_val_accuracy", "started")
    return {name: getattr(summary, name) for name in names}


def _decoding_progress(done: int, total: int) -> None:
    if done == total or done % 500 == 0:
        stderr.print(f"read {done:,} of {total:,} images")


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(*(Column(name, overflow="fold") for name in rows[0]))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else escape(str(value))


def _print(result: dict[str, Any], as_json: bool, readable: Table | str) -> None:
    """Print the one JSON object, or what a person reads."""
    if as_json:
        print(json.dumps(result, allow_nan=False))
    else:
        Console(highlight=False).print(readable, markup=False)
