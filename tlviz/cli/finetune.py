"""Fine-tuning on the command line: every setting of a run, and the wait for its end."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from tlviz.cli.datasets import bytes_progress
from tlviz.cli.output import Facts, Json, print_result, stderr
from tlviz.data.pixels.images import settle
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources.catalogue import DATASETS
from tlviz.data.training.flips import Flip
from tlviz.data.training.mix_kinds import Mix
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
from tlviz.models.catalogue import BUNDLED, find_model
from tlviz.models.local_weights import need_weights
from tlviz.runs.store.device import check_device
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.launch import start_finetune
from tlviz.runs.summary import RunSummary, summarise

POLL_S = 0.1
PATIENCE_S = 10.0
"""A run that has not begun by then is named all the same: it waits for one before it."""
MODEL_HELP = f"Network: {', '.join(BUNDLED)}, any name that models lists, or an exported safetensors file."

PATIENCE_HELP = "Epochs without a better one before a run ends; counts only in the last phase."
STRATEGIES_EPILOG = "\n\n".join(
    ["Strategies:", *(f"[bold]{name}[/bold]: {strategy.sentence}" for name, strategy in STRATEGIES.items())]
)


def finetune(
    model: Annotated[str, typer.Option(help=MODEL_HELP)],
    data: Annotated[
        str, typer.Option(help=f"Target: {', '.join(DATASETS)}, a folder, an archive, a CSV, or a public one.")
    ],
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
    patience: Annotated[int | None, typer.Option(help=PATIENCE_HELP)] = None,
    dropout: Annotated[float | None, typer.Option(help="Before the logits; default: the architecture's own.")] = None,
    weight_decay: Annotated[float | None, typer.Option()] = None,
    augment: Annotated[Augment | None, typer.Option()] = None,
    image_size: Annotated[int | None, typer.Option(help="Side in pixels; default: the weights' own.")] = None,
    fit: Annotated[Fit | None, typer.Option(help="Pad with white, or crop as the weights' authors did.")] = None,
    labels_per_class: Annotated[
        int | None, typer.Option(help="Train with so many labels a class; default: all.")
    ] = None,
    test_share: Annotated[float | None, typer.Option(help="Keep this share for the final evaluation only.")] = None,
    folds: Annotated[int | None, typer.Option(help="Cut the images into so many folds; one of them validates.")] = None,
    fold: Annotated[int | None, typer.Option(help="Which fold validates, counted from 0.")] = None,
    flip: Annotated[
        Flip | None, typer.Option(help="Mirror pictures in augmentation; auto: not digits, letters.")
    ] = None,
    frozen: Annotated[str | None, typer.Option(help="Frozen stages by name, any set: stem,fire2.")] = None,
    thaw: Annotated[str | None, typer.Option(help="What is frozen from an epoch on: 4:3,7:0 or 6:stem+fire2.")] = None,
    thaw_factor: Annotated[float | None, typer.Option(help="Factor of all rates at every unfreezing.")] = None,
    tune: Annotated[Tune | None, typer.Option(help="What trains in a stage that is not frozen.")] = None,
    lora_rank: Annotated[int | None, typer.Option(help="Width of the adapters of --tune lora.")] = None,
    batchnorm: Annotated[BatchNorm | None, typer.Option(help="What BatchNorm layers of frozen stages do.")] = None,
    stage_rates: Annotated[StageRates | None, typer.Option(help="How the backbone rate is shared out.")] = None,
    schedule: Annotated[Schedule | None, typer.Option(help="How all rates change over the epochs.")] = None,
    warmup: Annotated[
        float | None,
        typer.Option(help="Epochs over which the rates rise to their full height; does nothing under one_cycle."),
    ] = None,
    monitor: Annotated[Monitor | None, typer.Option(help="What decides the best epoch and patience.")] = None,
    class_weights: Annotated[ClassWeights | None, typer.Option(help="How much an image of each class counts.")] = None,
    label_smoothing: Annotated[float | None, typer.Option()] = None,
    mix: Annotated[Mix | None, typer.Option(help="Blend training pictures and their labels.")] = None,
    l2_sp: Annotated[float | None, typer.Option(help="Pull of pretrained weights back to their start.")] = None,
    ema: Annotated[float | None, typer.Option(help="Decay of averaged weights, such as 0.99; 0 is off.")] = None,
    accumulate: Annotated[int | None, typer.Option(help="Batches that make one update.")] = None,
    views: Annotated[int | None, typer.Option(help="Fixed versions of a picture for frozen stages.")] = None,
    cache_mb: Annotated[int | None, typer.Option(help="Memory for what frozen stages compute; 0 is off.")] = None,
    gauges: Annotated[bool | None, typer.Option(help="Measure what is left of the source.")] = None,
    deterministic: Annotated[bool | None, typer.Option(help="On a GPU: repeats to the bit where torch can.")] = None,
    compile_: Annotated[bool | None, typer.Option("--compile", help="On a GPU: torch.compile.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides the split, the head's start and the order.")] = None,
    device: Annotated[DeviceChoice | None, typer.Option()] = None,
    threads: Annotated[
        int | None, typer.Option(help="CPU threads; default: one for each core this process may use.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Fine-tune a network on a target and keep the best epoch's weights."""
    given = dict(locals())
    return follow(start_finetune(read_settings(**given)), given["as_json"])


def read_settings(model: str, data: str, strategy: str, **given: Any) -> FinetuneConfig:
    """Return the run that the options of ``finetune`` describe, checked as far as it can be before a run is made.

    Raises ``TlvizError`` for a person's mistake.
    """
    choices = {name.rstrip("_"): value for name, value in given.items() if name != "as_json"}
    choices["frozen"] = tuple(given["frozen"].split(",")) if given["frozen"] else None
    data = settle(data, bytes_progress("unpacked"))
    spec = find_model(model)
    config = configure(spec.name, data, strategy, **choices)
    check_device(config.device)
    if STRATEGIES[config.strategy].pretrained:
        need_weights(spec)
    if any(given[name] is not None for name in ("freeze", "frozen", "thaw")):
        _check_plan(config)
    return config


def follow(run: RunFolder, as_json: bool) -> int:
    """Wait for a run to end, print what it reached, and return the exit status."""
    summary = _watch(run)
    if summary.status in (Status.FAILED, Status.LOST):
        print(f"tlviz: {summary.error}", file=sys.stderr)
        return 2 if run.events()[-1:] and run.events()[-1].get("is_mistake") else 1
    result = _result(summary)
    print_result(result, as_json, Facts(result))
    return 0


def _check_plan(config: FinetuneConfig) -> None:
    """Raise ``BadSettingError`` for stages the network does not have, before a run is made."""
    from tlviz.models.load import architecture_stages  # imports torch

    plan_phases(config, architecture_stages(find_model(config.model), 2))


def _watch(run: RunFolder) -> RunSummary:
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
