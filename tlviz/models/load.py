"""From a catalogue row to a network in memory, its weights checked before they are used."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from tlviz import vision
from tlviz.errors import BadWeightsError
from tlviz.models.classes import source_classes
from tlviz.models.head import head_keys, initialise_head, set_dropout
from tlviz.models.spec import ModelSpec, Preprocessing, Provider, Stage
from tlviz.models.stages import derive_stages
from tlviz.models.weights import read_weights


@dataclass(frozen=True, slots=True)
class Network:
    """A network with its catalogue row, stages and class names; hold ``lock`` around anything that hooks it."""

    spec: ModelSpec
    module: nn.Module
    stages: tuple[Stage, ...]
    classes: tuple[str, ...]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


def load_network(spec: ModelSpec) -> Network:
    """Load a pretrained network with its source classes, in eval mode.

    Raises ``BadWeightsError`` where the weights are missing or are not the ones of the catalogue.
    """
    module = build_module(spec, spec.class_count)
    _load_strictly(spec, module, read_weights(spec))
    return describe(spec, module.eval(), source_classes(spec))


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
    sizes = spec.size_keywords(spec.preprocessing.size)
    if spec.provider is Provider.TIMM:
        module = vision.timm().create_model(spec.architecture, pretrained=False, num_classes=class_count, **sizes)
    else:
        module = vision.torchvision().models.get_model(
            spec.architecture, weights=None, num_classes=class_count, **sizes
        )
    network: nn.Module = module.to(memory_format=torch.channels_last)
    return network


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
