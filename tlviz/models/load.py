"""From a catalogue row to a network in memory, its weights checked before they are used."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import torch
from safetensors.torch import load
from torch import Tensor, nn

from tlviz import vision
from tlviz.errors import BadWeightsError
from tlviz.models.head import head_keys, initialise_head, set_dropout
from tlviz.models.spec import ModelSpec, Preprocessing, Provider, Stage
from tlviz.models.stages import derive_stages

SOURCE_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Network:
    """A network with its catalogue row, stages and class names; hold ``lock`` around anything that hooks it."""

    spec: ModelSpec
    module: nn.Module
    stages: tuple[Stage, ...]
    classes: tuple[str, ...]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


def load_network(spec: ModelSpec) -> Network:
    """Load a pretrained network with its 1,000 source classes, in eval mode.

    Raises ``BadWeightsError`` where the file is missing or is not the one of the catalogue.
    """
    module = build_module(spec, SOURCE_CLASSES)
    _load_strictly(spec, module, read_weights(spec))
    return describe(spec, module.eval(), source_classes())


def describe(spec: ModelSpec, module: nn.Module, classes: tuple[str, ...]) -> Network:
    """Wrap a built and loaded module with its catalogue row, its stages and class names."""
    return Network(spec, module, _stages(spec, module), classes)


def build_for_target(
    spec: ModelSpec, classes: tuple[str, ...], *, pretrained: bool, seed: int, dropout: float | None = None
) -> Network:
    """Build a network with a new head for the target's classes; the rest is pretrained, or random from ``seed``.

    Raises ``BadWeightsError`` as ``load_network``.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        module = build_module(spec, len(classes))
        stages = _stages(spec, module)
        if pretrained:
            new = head_keys(module, stages)
            kept = {name: value for name, value in module.state_dict().items() if name in new}
            old = {name: value for name, value in read_weights(spec).items() if name not in new}
            _load_strictly(spec, module, old | kept)
        initialise_head(module, stages)
    if dropout is not None:
        set_dropout(module, stages, dropout)
    return Network(spec, module.eval(), stages, classes)


def stages_for_target(spec: ModelSpec, class_count: int) -> tuple[Stage, ...]:
    """Return the stages a network has with a head for this many classes; no weights are read."""
    with torch.random.fork_rng(devices=[]):
        return _stages(spec, build_module(spec, class_count))


def build_module(spec: ModelSpec, class_count: int) -> nn.Module:
    """Build the bare architecture with its library's own initialisation, in channels_last layout."""
    if spec.provider is Provider.TIMM:
        module = vision.timm().create_model(spec.name, pretrained=False, num_classes=class_count)
    else:
        module = vision.torchvision().models.get_model(spec.name, weights=None, num_classes=class_count)
    network: nn.Module = module.to(memory_format=torch.channels_last)
    return network


def read_weights(spec: ModelSpec) -> dict[str, Tensor]:
    """Read a bundled weights file as float32 tensors.  Raises ``BadWeightsError`` unless its checksum is right."""
    try:
        content = spec.weights.read_bytes()
    except OSError as error:
        raise BadWeightsError(
            f"The weights of {spec.name} cannot be read at {spec.weights}: {error.strerror}. "
            "Restore the assets folder of the program."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != spec.sha256:
        raise BadWeightsError(
            f"The weights of {spec.name} at {spec.weights} are damaged (checksum {found[:12]}… instead of "
            f"{spec.sha256[:12]}…). Restore the file from the program's assets."
        )
    return {name: value.float() if value.is_floating_point() else value for name, value in load(content).items()}


@cache
def source_classes() -> tuple[str, ...]:
    """Return the 1,000 ImageNet class names in the order of the logits."""
    weights = vision.torchvision().models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    return tuple(weights.meta["categories"])


def normalise(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Turn uint8 pixels (N, H, W, 3) into the float input (N, 3, H, W) the weights expect, channels_last."""
    mean, std = (
        torch.tensor(values, device=pixels.device).view(1, 3, 1, 1) * 255
        for values in (preprocessing.mean, preprocessing.std)
    )
    return ((pixels.permute(0, 3, 1, 2).float() - mean) / std).contiguous(memory_format=torch.channels_last)


def _stages(spec: ModelSpec, module: nn.Module) -> tuple[Stage, ...]:
    side = spec.preprocessing.size
    return derive_stages(module, torch.zeros(1, 3, side, side).contiguous(memory_format=torch.channels_last))


def _load_strictly(spec: ModelSpec, module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    try:
        module.load_state_dict(dict(weights), strict=True)
    except RuntimeError as error:
        raise BadWeightsError(f"The weights of {spec.name} do not fit its architecture: {error}") from error
