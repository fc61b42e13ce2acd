"""The head that is new for the target: which tensors it has, how it starts, its dropout."""

from __future__ import annotations

from torch import nn

from tlviz.models.spec import Stage
from tlviz.models.stages import head_layer, stage_modules

HEAD_STD = 0.001
RECTIFIED_BIAS = 100.0


def head_keys(module: nn.Module, stages: tuple[Stage, ...]) -> set[str]:
    """Return the names of the logit layer's tensors in the network's ``state_dict``."""
    path, layer = head_layer(module, stages)
    return {f"{path}.{name}" for name in layer.state_dict()}


def initialise_head(module: nn.Module, stages: tuple[Stage, ...]) -> None:
    """Start the logit layer from small normal weights (std 0.001) and equal biases.

    The biases are 0, or 100 where a ReLU follows the logits, as in SqueezeNet: softmax ignores a constant, and the
    ReLU passes everything as long as the logits have moved by less than that, so that the head trains as a linear one
    and keeps the library's architecture.
    """
    _, layer = head_layer(module, stages)
    nn.init.normal_(layer.get_parameter("weight"), std=HEAD_STD)
    rectified = any(
        isinstance(inner, nn.ReLU) for part in stage_modules(module, stages[-1]) for inner in part.modules()
    )
    nn.init.constant_(layer.get_parameter("bias"), RECTIFIED_BIAS if rectified else 0.0)


def set_dropout(module: nn.Module, stages: tuple[Stage, ...], probability: float) -> None:
    """Set the dropout before the logits: the head's Dropout modules, or timm's ``drop_rate``."""
    for part in stage_modules(module, stages[-1]):
        for inner in part.modules():
            if isinstance(inner, nn.Dropout):
                inner.p = probability
    if hasattr(module, "drop_rate"):
        setattr(module, "drop_rate", probability)  # noqa: B010 (a module's attribute of any type)
