"""Copies from memory to where the network computes."""

from __future__ import annotations

import torch

from tlviz.data.training.to_device import to_device

GPU = torch.device("cuda")


def test_copies_to_a_gpu_are_pinned_and_do_not_wait() -> None:
    told: list[object] = []

    class Fake:
        device = torch.device("cpu")

        def pin_memory(self) -> Fake:
            told.append("pinned")
            return self

        def to(self, device: torch.device, *, non_blocking: bool = False) -> Fake:
            told.append((device.type, non_blocking))
            return self

    to_device(Fake(), GPU)  # type: ignore[arg-type]
    to_device(Fake(), torch.device("cpu"))  # type: ignore[arg-type]
    assert told == ["pinned", ("cuda", True), ("cpu", False)]
