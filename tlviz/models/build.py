"""From a catalogue row to the bare architecture, as the library that knows its name builds it."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tlviz import vision
from tlviz.models.spec import ModelSpec, Provider, check_size


def build_module(
    spec: ModelSpec, class_count: int, *, size: int | None = None, initialise: bool = True, device: str | None = None
) -> nn.Module:
    """Build an architecture for pictures of ``size`` (None: its own), in channels_last layout.

    ``initialise`` False skips the library's own random start where it can be skipped, for weights that are loaded
    anyway.  ``device`` "meta" gives shapes without memory.  Raises ``BadSettingError`` for a size it cannot take.
    """
    arguments = builder_arguments(spec, size)
    if not initialise and can_skip_start(spec):
        arguments["init_weights"] = False
    if device == "meta":
        try:
            with torch.device("meta"):
                return _build(spec, class_count, arguments)
        except NotImplementedError:  # a builder that computes its widths
            return _build(spec, class_count, arguments).to("meta")
    module: nn.Module = _build(spec, class_count, arguments)
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def builder_arguments(spec: ModelSpec, size: int | None = None) -> dict[str, Any]:
    """Return what the library's builder is given besides the name and the number of classes.

    Auxiliary classifiers, which only training runs, are left out: fine-tuning is short and needs none.  Where the
    architecture can rescale its input to what torchvision's weights were trained on, the row says whether it does.
    Raises ``BadSettingError`` for a size the architecture cannot take.
    """
    side = size or spec.preprocessing.size
    check_size(spec, side)
    options = {"aux_logits": False, "transform_input": spec.transform_input}
    return {name: value for name, value in options.items() if name in _options(spec)} | spec.size_keywords(side)


def can_skip_start(spec: ModelSpec) -> bool:
    """Return whether a builder can leave out its own random start, which takes seconds for some."""
    return "init_weights" in _options(spec)


def can_rescale(spec: ModelSpec) -> bool:
    """Return whether an architecture can rescale its input, as torchvision's own weights of it want."""
    return "transform_input" in _options(spec)


def auxiliary_keys(spec: ModelSpec) -> frozenset[str]:
    """Return the names of the tensors of auxiliary classifiers, which weights may hold and networks here do not."""
    if "aux_logits" not in _options(spec):
        return frozenset()
    with torch.device("meta"):
        whole = _build(spec, 2, builder_arguments(spec) | {"aux_logits": True, "init_weights": False})
    return frozenset(whole.state_dict()) - frozenset(
        build_module(spec, 2, initialise=False, device="meta").state_dict()
    )


def _build(spec: ModelSpec, class_count: int, arguments: dict[str, Any]) -> nn.Module:
    if spec.provider is Provider.TIMM:
        module = vision.timm().create_model(
            spec.architecture,
            pretrained=False,
            pretrained_cfg=spec.tag if spec.hub_id or spec.url else None,
            num_classes=class_count,
            **arguments,
        )
    else:
        module = vision.torchvision().models.get_model(
            spec.architecture, weights=None, num_classes=class_count, **arguments
        )
    for layer in module.modules():
        if isinstance(layer, nn.GroupNorm):
            layer.register_forward_pre_hook(_plain_frozen_input)
        elif isinstance(layer, nn.Conv2d) and _overruns(layer):
            layer.register_forward_pre_hook(partial(_only_used, strides=layer.stride))
            layer.stride = (1, 1)
    network: nn.Module = module
    return network


def _overruns(layer: nn.Conv2d) -> bool:
    """Return whether training a convolution in channels_last may end the process.

    On a CPU, oneDNN's backward pass of a strided 1 x 1 convolution with fewer than 16 input channels writes past its
    memory (https://github.com/uxlfoundation/oneDNN/issues/6035, seen with torch 2.13.0 and the stem of FastViT).
    """
    return layer.kernel_size == (1, 1) and max(layer.stride) > 1 and layer.in_channels < 16 and layer.groups == 1


def _only_used(_layer: nn.Module, inputs: tuple[Tensor, ...], strides: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Give a 1 x 1 convolution only the positions that its strides would reach: without them it computes the same."""
    down, across = strides
    return (inputs[0][:, :, ::down, ::across], *inputs[1:])


def _plain_frozen_input(_layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
    """Give a GroupNorm behind frozen stages its input in plain layout.

    On a CPU, torch's backward pass of a GroupNorm ends the process where a channels_last input needs no gradient
    (seen with 2.13.0).
    """
    is_frozen = torch.is_grad_enabled() and not inputs[0].requires_grad
    return (inputs[0].contiguous(), *inputs[1:]) if is_frozen else None


def _options(spec: ModelSpec) -> frozenset[str]:
    """Return the names of an architecture's own options; timm's builders take none of those that matter here."""
    if spec.provider is Provider.TIMM:
        return frozenset()
    builder = vision.torchvision().models.get_model_builder(spec.architecture)
    return frozenset(inspect.signature(builder.__annotations__["return"]).parameters)
