"""The randomisation check: whether a map changes when the network forgets what it has learned."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tlviz.measures.faithfulness import rank_correlation
from tlviz.models.load import Network
from tlviz.models.spec import Stage
from tlviz.models.stages import named_stage_parameters

Explain = Callable[[Network], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Randomised:
    """One depth of the check: the stage that became random last, and how alike the map still is, -1 to 1."""

    stage: str
    correlation: float


def randomisation(
    network: Network,
    explain: Explain,
    original: NDArray[np.float32],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Randomised, ...]:
    """Randomise a copy of a network from the top down, stage by stage, and compare each depth's map with the original.

    Cascading randomisation of Adebayo et al. (2018); alikeness is Spearman's correlation of the absolute maps.
    ``progress`` gets depths done and in all and may raise to cancel.
    """
    copy = copied(network)
    generator = torch.Generator().manual_seed(seed)
    found: list[Randomised] = []
    for at, stage in enumerate(reversed(network.stages)):
        if progress:
            progress(at, len(network.stages))
        randomise_stage(copy.module, stage, generator)
        found.append(Randomised(stage.name, rank_correlation(original, explain(copy))))
    return tuple(found)


def copied(network: Network) -> Network:
    """Return a network with weights and a lock of its own."""
    with network.lock:
        module = deepcopy(network.module)
    return Network(network.spec, module, network.stages, network.classes)


def randomise_stage(module: nn.Module, stage: Stage, generator: torch.Generator) -> None:
    """Redraw a stage's parameters from normal distributions with each one's mean and deviation.

    So the scale stays what the following layers and their stored statistics are used to.
    """
    with torch.no_grad():
        for _, parameter in named_stage_parameters(module, stage):
            values = parameter.detach().float()
            spread = values.std(correction=0)
            drawn = torch.randn(values.shape, generator=generator).to(values.device)
            parameter.copy_(values.mean() + spread * drawn)
