"""Weights for another picture size: learned positions are interpolated, everything else stays."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

import torch
from torch import Tensor, nn

from tlviz.errors import BadSettingError


def fit_positions(weights: Mapping[str, Tensor], module: nn.Module) -> dict[str, Tensor]:
    """Return weights in the shapes of a module that was built for another picture size.

    Learned positions, (1, T, C) tokens or a grid (1, H, W, C) or (1, C, H, W), are resampled bicubically as in
    Dosovitskiy et al. 2020 (https://arxiv.org/abs/2010.11929, section 3.2), extra tokens in front are kept; tables of
    integers are the module's own.  Other tensors, the head's among them, are passed on as they are.
    Raises ``BadSettingError`` where learned positions have no grid.
    """
    wanted = module.state_dict()
    fitted = dict(weights)
    for name, value in weights.items():
        target = wanted.get(name)
        if target is None or target.shape == value.shape or target.ndim != value.ndim or target.shape[0] != 1:
            continue
        fitted[name] = _resample(name, value, target) if value.is_floating_point() else target
    return fitted


def _resample(name: str, value: Tensor, target: Tensor) -> Tensor:
    if value.ndim == 3 and value.shape[2] == target.shape[2]:
        return _resample_tokens(name, value, target.shape[1])
    if value.ndim == 4 and value.shape[3] == target.shape[3]:
        return _interpolate(value.permute(0, 3, 1, 2), tuple(target.shape[1:3])).permute(0, 2, 3, 1).contiguous()
    if value.ndim == 4 and value.shape[1] == target.shape[1]:
        return _interpolate(value, tuple(target.shape[2:]))
    raise _no_grid(name)


def _resample_tokens(name: str, value: Tensor, count: int) -> Tensor:
    extra = value.shape[1] - isqrt(value.shape[1]) ** 2
    side, new = isqrt(value.shape[1] - extra), isqrt(max(0, count - extra))
    if new**2 + extra != count:
        raise _no_grid(name)
    grid = value[:, extra:].transpose(1, 2).reshape(1, -1, side, side)
    resampled = _interpolate(grid, (new, new)).flatten(2).transpose(1, 2)
    return torch.cat([value[:, :extra], resampled], 1)


def _interpolate(grid: Tensor, size: tuple[int, ...]) -> Tensor:
    return nn.functional.interpolate(grid, size=size, mode="bicubic", antialias=True, align_corners=False)


def _no_grid(name: str) -> BadSettingError:
    return BadSettingError(f"This network cannot take another image size: the positions in '{name}' have no grid.")
