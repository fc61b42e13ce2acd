"""What one run works on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import Split
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import FinetuneConfig
from tlviz.models.load import Network


class Halted(Exception):  # noqa: N818 (a wish, not an error)
    """Somebody asked the run to stop."""


@dataclass(frozen=True, slots=True)
class Session:
    """A network of its own, the images with their split, and where it computes.

    ``copies`` are the names of pictures of the same content, which the split keeps together; ``clock`` tells seconds
    and stands still while a run is paused; ``shelf`` holds what frozen stages have computed in an earlier session.
    """

    network: Network
    images: ImageSet
    split: Split
    config: FinetuneConfig
    device: torch.device
    should_stop: Callable[[], bool]
    copies: tuple[tuple[str, ...], ...] = ()
    clock: Callable[[], float] = time.perf_counter
    shelf: PrefixCachePool | None = None

    def halt_if_asked(self) -> None:
        """Raise ``Halted`` where somebody asked for a stop."""
        if self.should_stop():
            raise Halted
