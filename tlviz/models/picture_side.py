"""Pictures' networks: those of torchvision and timm, on batches (n, 3, S, S) of normalised pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.errors import BadWeightsError
from tlviz.models.build import build_module
from tlviz.models.head import head_keys, initialise_head
from tlviz.models.layout import as_features
from tlviz.models.resize import fit_positions
from tlviz.models.spec import Layout, ModelSpec, Preprocessing, Stage
from tlviz.models.split import SplitNetwork, split_network
from tlviz.models.stages import derive_stages, picture_sample
from tlviz.models.weights import read_weights

_NAMED = 3

build_network = build_module


def find_stages(spec: ModelSpec, module: nn.Module, *, grouped: bool = True) -> tuple[Stage, ...]:
    """Derive a network's stages from a run on an empty picture of its size."""
    return derive_stages(module, picture_sample(spec.preprocessing.size), grouped=grouped)


def make_inputs(items: Any, spec: ModelSpec, device: torch.device | None = None) -> Tensor:
    """Turn pixels uint8 (n, S, S, 3) into the network's input (n, 3, S, S)."""
    pixels = torch.from_numpy(np.array(items))
    return normalise(pixels if device is None else pixels.to(device), spec.pixels)


def pool_features(output: Tensor, layout: Layout, inputs: Tensor, spec: ModelSpec) -> Tensor:  # noqa: ARG001 (texts)
    """Return a stage's output as features (n, D): the mean over its positions, or over its tokens."""
    return as_features(output, layout)


def cut(module: nn.Module, stages: Sequence[Stage], depth: int) -> SplitNetwork:
    """Cut a network behind its first stages, as ``split_network`` does."""
    return split_network(module, stages, depth)


def normalise(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Turn uint8 pixels (N, H, W, 3) into the float input (N, 3, H, W) the weights expect, channels_last."""
    count, height, width, _ = pixels.shape
    mean, std = _scale(preprocessing, width, pixels.device)
    # Row by row: along three channels alone nothing can be vectorised, which took eight times as long.
    rows = pixels.contiguous().view(count, height, width * 3).to(torch.float32, copy=True).sub_(mean).div_(std)
    return rows.view(count, height, width, 3).permute(0, 3, 1, 2)


@lru_cache(maxsize=64)
def _scale(preprocessing: Preprocessing, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of a row of pixels (width * 3); kept, because bringing them to a GPU waits for it."""
    mean, std = (
        torch.tensor(values, device=device).mul(255).repeat(width) for values in (preprocessing.mean, preprocessing.std)
    )
    return mean, std


def load_weights(
    spec: ModelSpec, class_count: int, size: int | None, *, may_lack_head: bool
) -> tuple[nn.Module, tuple[Stage, ...]]:
    """Build a network around its weights; what they lack of the head, or have in another size, starts at random."""
    plan = build_module(spec, class_count, size=size, initialise=False, device="meta")
    weights = fit_positions(read_weights(spec, size), plan)
    wanted = plan.state_dict()
    fitting = {name: value for name, value in weights.items() if name in wanted and value.shape == wanted[name].shape}
    module = _assemble(spec, plan, fitting, class_count, size)
    stages = derive_stages(module, picture_sample(size or spec.preprocessing.size))
    lacking = wanted.keys() - fitting.keys() - (head_keys(module, stages) if may_lack_head else set())
    if lacking:
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        raise BadWeightsError(
            f"The weights of {spec.name} do not fit its architecture: {', '.join(sorted(lacking)[:_NAMED])}{more} "
            "are missing or of another shape."
        )
    if lacking != wanted.keys() - fitting.keys():
        initialise_head(module, stages)
    return module, stages


def _assemble(
    spec: ModelSpec, plan: nn.Module, fitting: Mapping[str, Tensor], class_count: int, size: int | None
) -> nn.Module:
    """Put weights into an architecture without memory, or where that keeps numbers of its own, into a built one."""
    if _needs_building(plan):
        module = build_module(spec, class_count, size=size, initialise=False)
        module.load_state_dict(dict(fitting), strict=False)
        return module
    rest = {name: torch.zeros_like(value, device="cpu") for name, value in plan.state_dict().items()}
    plan.load_state_dict({name: _channels_last(value) for name, value in {**rest, **fitting}.items()}, assign=True)
    return plan


def _needs_building(plan: nn.Module) -> bool:
    """Return whether a module computes tensors when it is built that no weights file holds."""
    stored = plan.state_dict().keys()
    if any(name not in stored for name, _ in plan.named_buffers()):
        return True
    return any(isinstance(value, Tensor) for layer in plan.modules() for value in vars(layer).values())


def _channels_last(value: Tensor) -> Tensor:
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
