"""What a network's first BatchNorm remembers of the pictures it was trained on: whether their scale was changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from tlviz.home import ASSETS
from tlviz.models.spec import Preprocessing

_PICTURES = 24
_SIDE = 128
_SURE = 0.5
"""The rescaling changes the logarithm of the variances by 1.5; a third of that decides."""


def remembers_rescaling(
    tensors: Mapping[str, Tensor], module: nn.Module, preprocessing: Preprocessing, folder: Path = ASSETS / "datasets"
) -> bool | None:
    """Return whether the statistics of the first BatchNorm fit rescaled pictures better, None where they do not tell.

    The first convolution is given the bundled photographs both ways; the variances of its outputs are compared with
    those that the network kept in training.
    """
    first = _first_pair(module)
    pictures = _photographs(folder)
    if first is None or pictures is None:
        return None
    convolution, norm = first
    kept = tensors[f"{norm}.running_var"].float()
    if bool((kept == 1).all()) or not bool((kept > 0).all()):
        return None
    layer = module.get_submodule(convolution)
    if not isinstance(layer, nn.Conv2d):
        return None
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    plain = (pictures - mean) / std
    # What torchvision's _transform_input does (models/googlenet.py): from ImageNet's scale to that of 0.5 and 0.5.
    scale = torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1) / 0.5
    shift = (torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1) - 0.5) / 0.5
    far = []
    with torch.no_grad():
        for inputs in (plain, plain * scale + shift):
            outputs = nn.functional.conv2d(
                inputs, tensors[f"{convolution}.weight"].float(), stride=layer.stride, padding=layer.padding
            )
            ratios = (outputs.var((0, 2, 3)) + norm_eps(module, norm)) / (kept + norm_eps(module, norm))
            far.append(abs(float(ratios.log().median())))
    return None if not all(map(math.isfinite, far)) or abs(far[0] - far[1]) < _SURE else far[1] < far[0]


def norm_eps(module: nn.Module, path: str) -> float:
    """Return what a BatchNorm adds to its variances."""
    layer = module.get_submodule(path)
    return float(getattr(layer, "eps", 0.0))


def _first_pair(module: nn.Module) -> tuple[str, str] | None:
    """Return the paths of the convolution that sees the picture and of the BatchNorm behind it."""
    convolution = ""
    for path, layer in module.named_modules():
        if isinstance(layer, nn.Conv2d):
            if convolution or layer.in_channels != 3 or layer.bias is not None:
                return None
            convolution = path
        elif isinstance(layer, nn.BatchNorm2d) and convolution:
            return convolution, path
    return None


def _photographs(folder: Path) -> Tensor | None:
    """Return bundled photographs (N, 3, S, S), 0 to 1; None where they are not there."""
    files = sorted((folder / "photos").rglob("*.jpg"))
    chosen = files[:: max(1, len(files) // _PICTURES)][:_PICTURES]
    squares = []
    for file in chosen:
        with Image.open(file) as picture:
            squares.append(np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)))
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255 if squares else None
