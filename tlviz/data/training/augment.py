"""Random variation of training pictures, on uint8 batches, drawn for each image by itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tlviz import vision
from tlviz.data.training.to_device import to_device

SHIFT_SHARE = 0.1

Draws = torch.Generator | Sequence[torch.Generator]
"""What draws: one generator for all pictures of a batch, or one for each, which then varies as it would alone."""


def augment_light(pixels: Tensor, *, may_flip: bool, generator: Draws) -> Tensor:
    """Mirror half of the pictures (where allowed) and shift each by up to a tenth of its side.

    ``pixels`` is uint8 (N, H, W, 3); what a shift uncovers repeats the border.
    """
    count, height, width, _ = pixels.shape
    shares = _shares(count, generator)
    if may_flip:
        mirrored = torch.cat([torch.rand(share, generator=own) for share, own in shares]) < 0.5
        pixels = torch.where(to_device(mirrored, pixels.device)[:, None, None, None], pixels.flip(2), pixels)
    reach = max(1, round(SHIFT_SHARE * height))
    drawn = [torch.randint(-reach, reach + 1, (2, share, 1), generator=own) for share, own in shares]
    shift = to_device(torch.cat(drawn, dim=1), pixels.device)
    rows = (torch.arange(height, device=pixels.device) + shift[0]).clamp(0, height - 1)
    columns = (torch.arange(width, device=pixels.device) + shift[1]).clamp(0, width - 1)
    image = torch.arange(count, device=pixels.device)[:, None, None]
    return pixels[image, rows[:, :, None], columns[:, None, :]]


def augment_strong(pixels: Tensor, *, may_flip: bool, generator: Draws) -> Tensor:
    """Apply ``augment_light`` and then RandAugment (Cubuk et al. 2020) to each picture: uint8 (N, H, W, 3)."""
    images = augment_light(pixels, may_flip=may_flip, generator=generator).permute(0, 3, 1, 2)
    transform = vision.transforms().RandAugment(num_ops=2, magnitude=9)
    shares = _shares(len(pixels), generator)
    varied: list[Tensor] = []
    with torch.random.fork_rng(devices=[]):  # torchvision draws from the global generator, once a call
        for part, (_, own) in zip(images.split_with_sizes([share for share, _ in shares]), shares, strict=True):
            torch.default_generator.manual_seed(int(torch.randint(2**31, (1,), generator=own)))
            varied += [transform(image) for image in part]
    return torch.stack(varied).permute(0, 2, 3, 1)


def _shares(count: int, generator: Draws) -> list[tuple[int, torch.Generator]]:
    """Return for how many pictures each generator draws."""
    return [(count, generator)] if isinstance(generator, torch.Generator) else [(1, own) for own in generator]
