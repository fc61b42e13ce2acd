"""Attention rollout: which patches an answer could attend to, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn

from tlviz.errors import TlvizError
from tlviz.explore.attribution.activations import map_stages
from tlviz.explore.attribution.context import AttributionContext, RawMap, laid_over
from tlviz.models.load import Network
from tlviz.models.spec import Layout, Stage
from tlviz.models.stages import owns

_CLASS_TOKENS = ("cls_token", "class_token")


def attention_layers(network: Network) -> list[tuple[str, nn.Module]]:
    """Return the backbone's self-attention layers whose weights over all tokens can be read, by path in order.

    Two kinds: torch's own, and timm's with a switch between the fused and the plain way.  Cross-covariance attention,
    which has a temperature, mixes channels and not patches.
    """
    return [
        (path, layer)
        for path, layer in network.module.named_modules()
        if _is_readable(layer) and any(owns(stage, f"{path}.") for stage in network.stages[:-1])
    ]


def roll_out(scene: AttributionContext) -> dict[str, RawMap]:
    """Return the rollout (Abnar & Zuidema 2020) up to every stage with tokens, from one forward pass.

    Each layer's attention, averaged over heads, is mixed half and half with the identity for the way around it, and
    multiplied on.  Read is the class token's row, or the mean of all rows where there is none.
    """
    layers = attention_layers(scene.network)
    kept: dict[str, Tensor] = {}
    scene.ticker.plan(1)
    with _watched(layers, kept), torch.no_grad():
        scene.score(scene.inputs)
    stages = [stage for stage in map_stages(scene.network) if stage.layout is Layout.TOKENS]
    return {stage.name: _drawing(scene, stage, stages, kept) for stage in stages}


def rolled(attentions: list[Tensor]) -> Tensor:
    """Multiply attentions, each (heads, T, T) with rows that add up to 1, into one (T, T)."""
    total = torch.eye(attentions[0].shape[-1], device=attentions[0].device)
    for attention in attentions:
        mixed = (attention.mean(0) + torch.eye(len(total), device=total.device)) / 2
        total = mixed / mixed.sum(-1, keepdim=True) @ total
    return total


def _drawing(scene: AttributionContext, stage: Stage, stages: list[Stage], kept: dict[str, Tensor]) -> RawMap:
    until = stages[: stages.index(stage) + 1]
    read = [value for path, value in kept.items() if any(owns(s, f"{path}.") for s in until)]
    if not read:
        flat = torch.zeros(1, 1, device=scene.inputs.device)
        return RawMap(laid_over(flat, scene.side), flat, note="There is no attention up to this stage.")
    tokens = {value.shape[-1] for value in read}
    if len(tokens) != 1 or any(value.shape[-1] != value.shape[-2] for value in read):
        raise TlvizError(
            f"The attention layers of {scene.network.spec.name} have different numbers of patches, so they cannot be "
            "multiplied; choose Token Grad-CAM."
        )
    total, count = rolled(read), tokens.pop()
    side = isqrt(count)
    row = total[0] if _has_class_token(scene.network.module) and count > side**2 else total.mean(0)
    grid = row[count - side**2 :].reshape(side, side)
    return RawMap(laid_over(grid, scene.side), grid, note="Attention rollout is the same for every class.")


def _has_class_token(module: nn.Module) -> bool:
    """Return whether the answer is read from a class token; timm's ``global_pool`` says where it is not."""
    has_one = any(isinstance(getattr(module, name, None), Tensor) for name in _CLASS_TOKENS)
    return has_one and not str(getattr(module, "global_pool", "token")).startswith("avg")


def _is_readable(layer: nn.Module) -> bool:
    if isinstance(layer, nn.MultiheadAttention):
        return True
    has_switch = isinstance(getattr(layer, "fused_attn", None), bool)
    return has_switch and isinstance(getattr(layer, "attn_drop", None), nn.Module) and not hasattr(layer, "temperature")


@contextmanager
def _watched(layers: list[tuple[str, nn.Module]], kept: dict[str, Tensor]) -> Iterator[None]:
    """Keep every layer's attention (heads, T, T) of the next forward pass; all is as before afterwards."""
    with ExitStack() as stack:
        for path, layer in layers:
            if isinstance(layer, nn.MultiheadAttention):
                ask = layer.register_forward_pre_hook(_ask_for_weights, with_kwargs=True)
                stack.callback(ask.remove)
                handle = layer.register_forward_hook(_keeper(path, kept, lambda output: output[1][0]))
            else:
                stack.callback(setattr, layer, "fused_attn", layer.fused_attn)
                layer.fused_attn = False  # type: ignore[assignment]
                drop: Any = layer.attn_drop
                handle = drop.register_forward_hook(_keeper(path, kept, lambda output: output[0]))
            stack.callback(handle.remove)
        yield


def _ask_for_weights(_layer: nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return inputs, options | {"need_weights": True, "average_attn_weights": False}


def _keeper(path: str, kept: dict[str, Tensor], pick: Callable[[Any], Tensor]) -> Callable[..., None]:
    def keep(_layer: nn.Module, _inputs: object, output: Any) -> None:
        kept[path] = pick(output).detach().float()

    return keep
