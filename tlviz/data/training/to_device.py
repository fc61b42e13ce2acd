"""From memory to where the network computes."""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Bring a tensor to a device, from memory to a GPU without waiting for the copy."""
    if device.type == "cuda" and tensor.device.type == "cpu":  # only CPU memory can be pinned
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
