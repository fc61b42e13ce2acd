"""The head that is new for the target: which tensors it has, how it starts, its dropout."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from tlviz.models.spec import Stage
from tlviz.models.stages import logit_layers, stage_modules
from tlviz.models.trace import is_weight_leaf

HEAD_STD = 0.001
RECTIFIED_BIAS = 100.0


def head_keys(module: nn.Module, stages: tuple[Stage, ...]) -> set[str]:
    """Return the names of the logit layers' tensors in the network's ``state_dict``."""
    return {f"{path}.{name}" for path, layer in logit_layers(module, stages) for name in layer.state_dict()}


def initialise_head(module: nn.Module, stages: tuple[Stage, ...]) -> None:
    """Start the logit layers from small normal weights (std 0.001) and equal biases.

    The biases are 0, or 100 where a ReLU follows the logits, as in SqueezeNet: softmax ignores a constant, and the
    ReLU passes everything as long as the logits have moved by less than that, so that the head trains as a linear one
    and keeps the library's architecture.
    """
    rectified = ends_rectified(module, stages[-1])
    for _, layer in logit_layers(module, stages):
        nn.init.normal_(layer.get_parameter("weight"), std=HEAD_STD)
        if getattr(layer, "bias", None) is not None:
            nn.init.constant_(layer.get_parameter("bias"), RECTIFIED_BIAS if rectified else 0.0)


def ends_rectified(module: nn.Module, head: Stage) -> bool:
    """Return whether a ReLU comes after the last layer with weights of the head."""
    leaves = [inner for part in stage_modules(module, head) for inner in part.modules() if not any(inner.children())]
    after = leaves[max(at for at, inner in enumerate(leaves) if is_weight_leaf(inner)) :]
    return any(isinstance(inner, nn.ReLU) for inner in after)


def set_dropout(module: nn.Module, stages: tuple[Stage, ...], probability: float) -> None:
    """Set the dropout before the logits: the architecture's own, or a new one where it has none.

    Its own are the head's Dropout modules and timm's ``drop_rate``; a new one is a hook, so that the tensors keep
    their names and the weights load into the plain architecture.
    """
    own = [
        inner for part in stage_modules(module, stages[-1]) for inner in part.modules() if isinstance(inner, nn.Dropout)
    ]
    for dropout in own:
        dropout.p = probability
    if hasattr(module, "drop_rate"):
        setattr(module, "drop_rate", probability)  # noqa: B010 (a module's attribute of any type)
    elif not own:
        for _, layer in logit_layers(module, stages):
            layer.register_forward_pre_hook(partial(_drop, probability))


def _drop(probability: float, layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (nn.functional.dropout(inputs[0], probability, layer.training), *inputs[1:])
