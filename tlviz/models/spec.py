"""What the rest of the program knows of a network: frozen descriptions, no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Provider(StrEnum):
    """The library that builds the network from its name."""

    TORCHVISION = "torchvision"
    TIMM = "timm"


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How the weights want their pictures: sides in pixels, ``mean`` and ``std`` for RGB in 0 to 1.

    ``crop_fraction`` is the share of the resized side that the weights' own centre crop keeps.
    """

    size: int
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    crop_fraction: float


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One row of the catalogue: a pretrained network, where its weights lie and how to feed it."""

    name: str
    title: str
    provider: Provider
    sentence: str
    parameters: int
    weights: Path
    sha256: str
    licence: str
    source: str
    preprocessing: Preprocessing

    @property
    def bundled(self) -> bool:
        """Tell whether the weights ship with the program."""
        return self.weights.exists()


class Layout(StrEnum):
    """The meaning of an output's axes, the batch first.

    ``MAPS`` (N, C, H, W), ``MAPS_LAST`` (N, H, W, C), ``TOKENS`` (N, T, C) where the last square number of tokens is a
    grid and what stands before it are extra ones (class token, registers), ``FLAT`` (N, D).
    """

    MAPS = "maps"
    MAPS_LAST = "maps last"
    TOKENS = "tokens"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Stage:
    """An ordered group of blocks: the unit of freezing, of learning rates and of every chart.

    ``modules`` are dotted module paths in execution order; ``parameters`` counts scalars; ``reduction`` is how many
    input pixels one output pixel spans along a side, to the nearest power of two; ``cost_share`` is the stage's share
    of the forward multiply-adds, 0 to 1; ``tensors`` are parameters and buffers outside these modules that belong to
    the stage (a class token); ``layout`` says how its output lies in memory.
    """

    name: str
    modules: tuple[str, ...]
    parameters: int
    channels: int
    reduction: int
    cost_share: float
    tensors: tuple[str, ...] = ()
    layout: Layout = Layout.MAPS
