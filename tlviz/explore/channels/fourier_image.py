"""The space in which a picture is optimised: a spectrum of decorrelated colours, seen through small movements."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

# The square root of ImageNet's colour correlation, as published with Lucid (https://github.com/tensorflow/lucid,
# Apache-2.0): brightness, red against blue, and green against both, in falling strength.  Only the square roots of the
# strengths are kept: at the full ones no pure red is reached in the steps there are.
_COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
_START = 0.01
_GAIN = 0.25
_TURN_DEGREES, _SCALE, _SHIFT = 8.0, 0.1, 0.08


class PaintSpace:
    """A picture of ``size`` pixels along a side as a spectrum, which is what an optimiser changes.

    Each frequency weighs 1 / f, as in photographs, so that coarse and fine structure grow alike.
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        generator = torch.Generator().manual_seed(seed)
        down, across = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None]
        frequency = (down**2 + across**2).sqrt()
        self._scale = _GAIN / frequency.clamp(min=1 / size)
        start = torch.randn(1, 3, *frequency.shape, 2, generator=generator) * _START
        self.spectrum = start.requires_grad_()
        colours = torch.tensor(_COLOURS)
        strength = colours.norm(dim=0)
        self._colours = colours / strength * (strength / strength.max()).sqrt()

    def picture(self) -> Tensor:
        """Return the picture (1, 3, S, S), red, green and blue in 0 to 1."""
        waves = torch.view_as_complex(self.spectrum) * self._scale
        planes = torch.fft.irfft2(waves, s=(self._size, self._size), norm="ortho")
        return torch.einsum("rc,nchw->nrhw", self._colours, planes).sigmoid()


def random_view(picture: Tensor, generator: torch.Generator) -> Tensor:
    """Return a picture (1, 3, S, S) turned, scaled and shifted a little at random, mirrored at its rim."""
    turn, scale, *shift = ((torch.rand(4, generator=generator) * 2 - 1) * torch.tensor(
        [math.radians(_TURN_DEGREES), _SCALE, 2 * _SHIFT, 2 * _SHIFT]
    )).tolist()  # fmt: skip
    size = 1 + scale
    cosine, sine = math.cos(turn) * size, math.sin(turn) * size
    matrix = torch.tensor([[[cosine, -sine, shift[0]], [sine, cosine, shift[1]]]])
    grid = affine_grid(matrix, list(picture.shape), align_corners=False)
    return grid_sample(picture, grid, padding_mode="reflection", align_corners=False)
