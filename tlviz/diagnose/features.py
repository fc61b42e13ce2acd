"""Pooled features of the stages a caller wants, from one forward pass over the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlviz.data.images import Rows
from tlviz.models.hooks import forward_hooks
from tlviz.models.load import Network
from tlviz.models.media import side_of

Features = NDArray[np.float32]
BATCH = 64


def extract_features(
    network: Network,
    pixels: Rows,
    stages: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Features]:
    """Return {stage: features (N, D)} of pictures, uint8 (N, S, S, 3), pooled over positions or tokens.

    ``progress`` gets the pictures done and their number after each batch, and may raise to end the pass.
    """
    parts: list[dict[str, Features]] = []
    for at in range(0, len(pixels), BATCH):
        parts.append(extract_batch(network, pixels[at : at + BATCH], stages))
        if progress:
            progress(min(at + BATCH, len(pixels)), len(pixels))
    return {stage: np.concatenate([part[stage] for part in parts]) for stage in stages}


def extract_batch(
    network: Network, pixels: Any, stages: Sequence[str], beside: AbstractContextManager[object] | None = None
) -> dict[str, Features]:
    """Return {stage: features (n, D)} of one batch, in eval mode; the network's lock is held meanwhile.

    ``beside`` may hook the network too: it is entered under the lock.
    """
    side = side_of(network.spec)
    wanted = {stage.modules[-1]: stage for stage in network.stages if stage.name in stages}
    pooled: dict[str, Features] = {}

    def keep(path: str, _layer: object, output: Tensor) -> None:
        stage = wanted[path]
        pooled[stage.name] = side.pool_features(output, stage.layout, inputs, network.spec).float().cpu().numpy()

    layers = {path: network.module.get_submodule(path) for path in wanted}
    device = next(network.module.parameters()).device
    inputs = side.make_inputs(pixels, network.spec, device)
    with network.lock, beside or nullcontext(), forward_hooks(layers, keep), torch.no_grad():
        was_training = network.module.training
        try:
            network.module.eval()(inputs)
        finally:
            network.module.train(was_training)
    return pooled


@contextmanager
def beside_other_threads() -> Iterator[None]:
    """Leave half of the cores to threads that decode pictures meanwhile.

    With all cores for both, torch's threads wait for one another: measured on two cores, 16 instead of 3 milliseconds
    of processor time an image.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before // 2))
    try:
        yield
    finally:
        torch.set_num_threads(before)
