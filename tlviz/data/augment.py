"""Random variation of training pictures, on uint8 batches, drawn for each image by itself."""

from __future__ import annotations

import torch
from torch import Tensor

from tlviz import vision
from tlviz.data.transfer import to_device

SHIFT_SHARE = 0.1


def augment_light(pixels: Tensor, *, may_flip: bool, generator: torch.Generator) -> Tensor:
    """Mirror half of the pictures (where allowed) and shift each by up to a tenth of its side.

    ``pixels`` is uint8 (N, H, W, 3); what a shift uncovers repeats the border.
    """
    count, height, width, _ = pixels.shape
    if may_flip:
        mirrored = torch.rand(count, generator=generator) < 0.5
        pixels = torch.where(to_device(mirrored, pixels.device)[:, None, None, None], pixels.flip(2), pixels)
    reach = max(1, round(SHIFT_SHARE * height))
    shift = to_device(torch.randint(-reach, reach + 1, (2, count, 1), generator=generator), pixels.device)
    rows = (torch.arange(height, device=pixels.device) + shift[0]).clamp(0, height - 1)
    columns = (torch.arange(width, device=pixels.device) + shift[1]).clamp(0, width - 1)
    image = torch.arange(count, device=pixels.device)[:, None, None]
    return pixels[image, rows[:, :, None], columns[:, None, :]]


def augment_strong(pixels: Tensor, *, may_flip: bool, generator: torch.Generator) -> Tensor:
    """Apply ``augment_light`` and then RandAugment (Cubuk et al. 2020) to each picture: uint8 (N, H, W, 3)."""
    light = augment_light(pixels, may_flip=may_flip, generator=generator)
    transform = vision.transforms().RandAugment(num_ops=2, magnitude=9)
    seed = int(torch.randint(2**31, (1,), generator=generator))
    with torch.random.fork_rng(devices=[]):  # torchvision draws from the global generator, once a call
        torch.default_generator.manual_seed(seed)
        varied = [transform(image) for image in light.permute(0, 3, 1, 2)]
    return torch.stack(varied).permute(0, 2, 3, 1)
