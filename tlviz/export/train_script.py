"""``train.py``: one plain PyTorch file that repeats a run without this package, with only the code that run needs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image
from torch import nn

from tlviz import __version__
from tlviz.data.as_begun import open_as_begun
from tlviz.data.images import dataset_title
from tlviz.data.pixels.depth import AS_STORED
from tlviz.data.pixels.opening import DAMAGE
from tlviz.data.pixels.ranges import is_deep_file
from tlviz.data.training.mix import ALPHA
from tlviz.data.training.mix_kinds import Mix
from tlviz.errors import BadSettingError
from tlviz.export.bundle import Bundle
from tlviz.export.python_text import braced, lines, literal, plain
from tlviz.export.run_images import RunImages
from tlviz.finetune.choices import Augment, BatchNorm, ClassWeights, Schedule, StageRates, Tune
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.lora import need_linears
from tlviz.finetune.plan import Phase, plan_phases, stage_rates
from tlviz.finetune.strategies import find_strategy
from tlviz.models.batchnorm import batchnorms
from tlviz.models.build import builder_arguments
from tlviz.models.catalogue import find_model
from tlviz.models.head import RECTIFIED_BIAS, ends_rectified, set_dropout
from tlviz.models.load import architecture
from tlviz.models.spec import ModelSpec, Provider, Sizing, Stage
from tlviz.models.stages import logit_layers, picture_sample, stage_modules

START = "start.safetensors"
"""The weights that the run began from, where they cannot be downloaded; beside ``train.py``."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the run's settings make of its network, which has no memory here."""

    config: FinetuneConfig
    spec: ModelSpec
    module: nn.Module
    stages: tuple[Stage, ...]
    phases: tuple[Phase, ...]

    @property
    def always_frozen(self) -> frozenset[int]:
        return frozenset.intersection(*(phase.frozen for phase in self.phases))


def train_script(header: Bundle, here: RunImages) -> str:
    """Return ``train.py`` of a run by the header of its weights; it reads ``split.json`` beside it.

    Raises ``BadSettingError`` where a plain script cannot repeat the run, ``UnknownNameError`` or ``BadWeightsError``
    where the network that it began from is no longer there.
    """
    config = here.config
    spec = find_model(config.model)
    sized = replace(spec, preprocessing=replace(spec.preprocessing, size=config.image_size))
    module, stages = architecture(sized, len(header.classes))
    plan = _Plan(config, sized, module, stages, plan_phases(config, stages))
    _check(plan, header.classes)
    values = (
        _words(header, here, spec) | _pictures(header, here) | _network(plan, spec) | _training(plan) | _freezing(plan)
    )
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (a program, no page)
    )
    text = environment.get_template("train.py.jinja").render(values)
    return re.sub(r"\n{4,}", "\n\n\n", text)


def start_weights(spec: ModelSpec, config: FinetuneConfig) -> Path | None:
    """Return the weights that the script needs beside it as ``start.safetensors``, None where it can download them."""
    return spec.weights if find_strategy(config.strategy).pretrained else None


def _check(plan: _Plan, classes: Sequence[str]) -> None:
    config = plan.config
    if config.depth.bands is not None:
        raise BadSettingError(
            f"bands is {config.bands}: pictures of several bands need another library to open, so train.py cannot "
            "repeat this run."
        )
    odd = _beyond_pillow(plan.config, classes)
    if odd is not None:
        raise BadSettingError(
            f"{odd} has over 8 bits a value in a way that Pillow alone does not read, so train.py cannot "
            "repeat this run."
        )
    if config.ema and config.augment is not Augment.NONE and any(
        phase.depth > min(other.depth for other in plan.phases if other.first_epoch <= phase.first_epoch)
        for phase in plan.phases
    ):  # fmt: skip
        raise BadSettingError(
            "The run froze stages again whose averaged weights (ema) still moved, which train.py cannot repeat."
        )


def _beyond_pillow(config: FinetuneConfig, classes: Sequence[str]) -> str | None:
    """Return the name of a deep picture that is more than one grey value a pixel, None where there is none."""
    if config.depth == AS_STORED:
        return None
    target = open_as_begun(config.data, config.read_as, classes)
    for name, source in zip(target.names, target.sources, strict=True):
        if source.path is None or not is_deep_file(source.path, config.depth):
            continue
        try:
            with Image.open(source.path) as picture:
                if picture.mode[0] not in "IF" or picture.format == "PPM":  # whose values Pillow rescales
                    return name
        except (Image.DecompressionBombError, *DAMAGE):
            return name
    return None


def _words(header: Bundle, here: RunImages, spec: ModelSpec) -> dict[str, Any]:
    """Return what is said in the head of the file."""
    strategy = find_strategy(here.config.strategy)
    share, epoch = header.training.get("val_accuracy"), header.training.get("epoch")
    count = len(here.split.validation)
    reached = f"Its validation part has {count:,} pictures"
    if isinstance(share, int | float):
        reached += f", of which the run named {share:.1%} rightly at its best, in epoch {epoch}"
    return {
        "network": plain(spec.title),
        "target": plain(dataset_title(here.config.data)),
        "strategy": f"Strategy {strategy.name}: {strategy.sentence}",
        "reached": f"{reached}.",
        "version": __version__,
        "seed": here.config.seed,
        "model": json.dumps(spec.name),
        "provider": json.dumps(str(spec.provider)),
        "architecture": json.dumps(spec.architecture),
        "plain_architecture": spec.architecture,
        "transform_input": None if spec.transform_input else json.dumps("false"),
    }


def _pictures(header: Bundle, here: RunImages) -> dict[str, Any]:
    """Return how pictures are read and varied."""
    config, depth = here.config, here.config.depth
    low, high = depth.value_range or (0, 255)
    names = (name.lower() for name in here.images.names)
    return {
        "preprocessing": lines(header.preprocessing, 4),
        "fit": str(config.fit),
        "interpolation": str(header.preprocessing["interpolation"]).upper(),
        "crop_fraction": header.preprocessing["crop_fraction"],
        "deep": depth != AS_STORED,
        "low": low,
        "high": high,
        "no_data": depth.no_data,
        "heif": any(name.endswith((".heic", ".heif", ".hif")) for name in names),
        "augment": str(config.augment),
        "may_flip": config.flip.allows(here.images.may_flip),
        "has_test": len(here.split.test) > 0,
    }


def _network(plan: _Plan, spec: ModelSpec) -> dict[str, Any]:
    """Return how the network is built, where its weights come from, and how its head starts."""
    module, stages = plan.module, plan.stages
    layers = logit_layers(module, stages)
    has_bias = all(getattr(layer, "bias", None) is not None for _, layer in layers)
    guarded = any(layer._forward_pre_hooks for layer in module.modules())  # as ``build_module`` guards channels_last
    resized = spec.sizing is not Sizing.FREE and spec.preprocessing.size != plan.spec.preprocessing.size
    start = _start(plan, resized=resized)
    name = f"{spec.architecture}.{spec.tag}" if start == "timm" else spec.architecture
    options = "".join(f", {key}={value!r}" for key, value in builder_arguments(plan.spec).items())
    dropout_lines = _dropout_lines(plan)
    if plan.config.dropout is not None:
        set_dropout(module, stages, plan.config.dropout)
    where = (
        f"the file {spec.weights.name} of tlviz's folder assets/weights"
        if spec.bundled and spec.weights
        else f"the weights of {plain(spec.name)}, which the run began from"
    )
    return {
        "library": str(spec.provider),
        "builder_name": json.dumps(name),
        "options": options,
        "start": start,
        "start_name": json.dumps(START),
        "source_classes": spec.class_count,
        "url": json.dumps(spec.url),
        "reads_files": start in {"file", "url"},
        "weights_help": json.dumps(where),
        "positions": resized and start in {"file", "url"},
        "plain_layout": guarded,
        "head_layers": literal(tuple(path for path, _ in layers)),
        "head_bias": (RECTIFIED_BIAS if ends_rectified(module, stages[-1]) else 0.0) if has_bias else None,
        "dropout_lines": dropout_lines,
        "dropout": any(type(layer) is nn.Dropout and 0 < layer.p < 1 for layer in module.modules()),
    }


def _start(plan: _Plan, *, resized: bool) -> str:
    """Return where the weights come from: ``scratch``, a ``file``, a ``url``, ``timm``'s hub, or a file read by it."""
    if not find_strategy(plan.config.strategy).pretrained:
        return "scratch"
    if plan.spec.weights is not None:
        return "timm_file" if resized and plan.spec.provider is Provider.TIMM else "file"
    return "timm" if plan.spec.provider is Provider.TIMM else "url"


def _dropout_lines(plan: _Plan) -> list[str]:
    """Return the lines that set the dropout before the logits, as ``set_dropout`` does."""
    share = plan.config.dropout
    if share is None:
        return []
    own = [
        f"{part}.{name}".strip(".")
        for part in plan.stages[-1].modules
        for name, layer in plan.module.get_submodule(part).named_modules()
        if isinstance(layer, nn.Dropout)
    ]
    found = [f"network.get_submodule({json.dumps(path)}).p = {share}" for path in own]
    if hasattr(plan.module, "drop_rate"):
        return [*found, f"network.drop_rate = {share}"]
    if own:
        return found
    return [
        "for path in HEAD_LAYERS:  # it has no dropout of its own",
        "    network.get_submodule(path).register_forward_pre_hook(",
        f"        lambda layer, inputs: (nn.functional.dropout(inputs[0], {share}, layer.training),)",
        "    )",
    ]


def _training(plan: _Plan) -> dict[str, Any]:
    """Return what is minimised, how, and for how long."""
    config = plan.config
    is_balanced = config.class_weights is ClassWeights.BALANCED
    options = (["weight"] if is_balanced else []) + (
        [f"label_smoothing={config.label_smoothing}"] if config.label_smoothing else []
    )
    warmup = 0.0 if config.schedule is Schedule.ONE_CYCLE else config.warmup
    is_fixed = config.augment is not Augment.NONE and config.mix is Mix.NONE and not _moves(config)
    views = config.views if is_fixed and any(phase.depth for phase in plan.phases) else 0
    return {
        "epochs": config.epochs,
        "patience": config.patience,
        "batch": config.batch_size,
        "accumulate": config.accumulate,
        "weight_decay": config.weight_decay,
        "optimizer": str(config.optimizer),
        "factor": "warm-up" if config.schedule is Schedule.CONSTANT and warmup else str(config.schedule),
        "warmup": literal(warmup) if warmup else "",
        "balanced": is_balanced,
        "loss_options": ", ".join(options),
        "mix": str(config.mix),
        "alpha": ALPHA.get(config.mix, 0.0),
        "l2_sp": config.l2_sp,
        "ema": config.ema,
        "monitor": str(config.monitor),
        "views": views,
        "draws": config.augment is not Augment.NONE or config.mix is not Mix.NONE,
    }


def _freezing(plan: _Plan) -> dict[str, Any]:
    """Return the table of stages and what trains when."""
    config, stages = plan.config, plan.stages
    phases = []
    for phase in plan.phases:
        rates = stage_rates(config, [1.0] * (len(stages) - 1), phase.rate_factor)
        named = {stage.name: float(f"{rate:.6g}") for stage, rate in zip(stages, rates, strict=True)}
        frozen = {stages[at].name for at in phase.frozen}
        phases.append(
            {
                "first_epoch": phase.first_epoch,
                "rates": braced({name: rate for name, rate in named.items() if name not in frozen}),
                "norm_rates": braced({name: rate for name, rate in named.items() if name in frozen}),
            }
        )
    linears: Sequence[str] = ()
    if config.tune is Tune.LORA:
        sample = picture_sample(plan.spec.preprocessing.size).to("meta")
        linears = need_linears(plan.module, stages, plan.always_frozen, sample)
    has_batchnorm = bool(batchnorms(plan.module))
    frozen_norms = any(
        batchnorms(part)
        for phase in plan.phases
        for at in phase.frozen
        for part in stage_modules(plan.module, stages[at])
    )
    return {
        "stages": lines({stage.name: stage.modules for stage in stages}, 4),
        "tensors": lines({stage.name: stage.tensors for stage in stages if stage.tensors}, 4),
        "stem": json.dumps(stages[0].name),
        "head": json.dumps(stages[-1].name),
        "phases": phases,
        "lora": lines(linears, 4) if linears else "",
        "rank": config.lora_rank,
        "trains_norms": config.tune is Tune.NORMS,
        "surgical": config.stage_rates is StageRates.GRADIENT
        and any(len(phase.frozen) < len(stages) - 1 for phase in plan.phases),
        "has_batchnorm": has_batchnorm,
        "frozen_somewhere": any(phase.frozen for phase in plan.phases),
        "trains_frozen_norms": frozen_norms and config.batchnorm is BatchNorm.TRAIN,
        "bn_moves": frozen_norms and _moves(config),
        "reestimate": bool(plan.phases[0].frozen) and frozen_norms and config.batchnorm is BatchNorm.REESTIMATE,
        "guards_opened": has_batchnorm and not _moves(config) and any(phase.unfrozen for phase in plan.phases),
    }


def _moves(config: FinetuneConfig) -> bool:
    return config.batchnorm in {BatchNorm.MOVE, BatchNorm.TRAIN}
