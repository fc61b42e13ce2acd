"""One network, one picture, one class: what every attribution method starts from, and the care all of them need."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadSettingError, TlvizError, is_out_of_memory
from tlviz.explore.attribution.methods import Baseline
from tlviz.models.hooks import kept_modes
from tlviz.models.load import Network, normalise

Progress = Callable[[int, int], None]
Sketch = Callable[[NDArray[np.float32]], None]
"""What takes a map (S, S) that is not yet done."""
Result = TypeVar("Result")

BATCH_PIXELS = 16 * 224 * 224
"""Pixels that go through a network at once; a network of over ``LARGE`` parameters gets a quarter."""
LARGE = 40_000_000
MOST = 32
_BLUR_SHARE = 0.06
_NO_DIFFERENCE = 1e-6


@dataclass
class Ticker:
    """Counts pictures that went through the network and reports to a caller, which may raise to cancel."""

    progress: Progress | None = None
    total: int = 0
    done: int = 0

    def plan(self, total: int) -> None:
        """Start counting towards ``total`` pictures."""
        self.done, self.total = 0, total

    def tick(self, count: int) -> None:
        """Report what was done before the next ``count`` pictures."""
        if self.progress and self.total:
            self.progress(min(self.done, self.total), self.total)
        self.done += count


class ClassScore(nn.Module):
    """A network as a function of pictures (N, 3, S, S) to scores (N,): a logit, or the difference of two."""

    def __init__(self, module: nn.Module, target: int, contrast: int | None, ticker: Ticker) -> None:
        super().__init__()
        self.module, self.target, self.contrast, self.ticker = module, target, contrast, ticker

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the scores of a batch."""
        self.ticker.tick(len(pictures))
        return self.pick(self.module(pictures))

    def pick(self, logits: Tensor) -> Tensor:
        """Return the scores (N,) of logits (N, C) in single precision."""
        chosen = logits[:, self.target] if self.contrast is None else self.difference(logits)
        return chosen.float()

    def difference(self, logits: Tensor) -> Tensor:
        """Return how far the class is above the one it is contrasted with."""
        return logits[:, self.target] - logits[:, self.contrast]


@dataclass(slots=True)
class AttributionContext:
    """A normalised picture (1, 3, S, S), its uint8 pixels, and the score to be explained; made by ``open_scene``."""

    network: Network
    pixels: Pixels
    inputs: Tensor
    score: ClassScore
    value: float
    seed: int
    baseline: Baseline
    ticker: Ticker = field(default_factory=Ticker)
    sketch: Sketch | None = None

    def show(self, draw: Callable[[], Tensor]) -> None:
        """Let who waits see the map (S, S) so far; it is made only where somebody does."""
        if self.sketch:
            self.sketch(draw().detach().float().cpu().numpy())

    @property
    def side(self) -> int:
        """Return the side of the picture in pixels."""
        return int(self.inputs.shape[-1])

    def blank(self, kind: Baseline | None = None) -> Tensor:
        """Return a baseline (1, 3, S, S) in the network's own scale."""
        return blank_like(self.inputs, self.network, kind or self.baseline)

    def noise(self, count: int, strength: float, generator: torch.Generator) -> Tensor:
        """Return normal noise (count, 3, S, S), ``strength`` being a share of the picture's range."""
        spread = float(self.inputs.max() - self.inputs.min())
        shape = (count, *self.inputs.shape[1:])
        drawn = torch.randn(shape, generator=generator) * (strength * spread)
        return drawn.to(self.inputs.device)

    def leaf(self) -> Tensor:
        """Return the input as a new leaf whose gradient can be asked for."""
        return self.inputs.clone().requires_grad_()

    def generator(self) -> torch.Generator:
        """Return this picture's own source of chance: torch's shared one would mix two threads' draws."""
        return torch.Generator().manual_seed(self.seed)


def to_inputs(network: Network, pixels: Pixels) -> Tensor:
    """Return pixels uint8 (S, S, 3) or (N, S, S, 3) as the network's input, on its device."""
    batch = torch.from_numpy(pixels.copy())
    device = next(network.module.parameters()).device
    return normalise(batch[None] if batch.ndim == 3 else batch, network.spec.pixels).to(device)


def blank_like(inputs: Tensor, network: Network, kind: Baseline) -> Tensor:
    """Return the baseline of a picture (1, 3, S, S).

    The mean colour of the network's own pictures is an input of zeros.
    """
    if kind is Baseline.MEAN:
        return torch.zeros_like(inputs)
    if kind is Baseline.BLUR:
        return blurred(inputs)
    colour = 255 if kind is Baseline.WHITE else 0
    plain = torch.full((1, inputs.shape[-2], inputs.shape[-1], 3), colour, dtype=torch.uint8, device=inputs.device)
    return normalise(plain, network.spec.pixels)


def blurred(inputs: Tensor) -> Tensor:
    """Blur pictures (N, 3, S, S) with a Gaussian whose deviation is a share of their side; edges are repeated."""
    sigma = max(0.5, _BLUR_SHARE * inputs.shape[-1])
    reach = min(math.ceil(2.5 * sigma), inputs.shape[-1])
    steps = torch.arange(-reach, reach + 1, dtype=inputs.dtype, device=inputs.device)
    kernel = (-(steps**2) / (2 * sigma**2)).exp()
    kernel = (kernel / kernel.sum()).repeat(3, 1)
    padded = functional.pad(inputs, (reach,) * 4, mode="replicate")
    rows = functional.conv2d(padded, kernel[:, None, None, :], groups=3)
    return functional.conv2d(rows, kernel[:, None, :, None], groups=3)


@contextmanager
def prepared(network: Network) -> Iterator[None]:
    """Hold a network's lock, put it in eval mode with gradients on and nothing in place; all is as before afterwards.

    In-place activations would overwrite what hooks have kept.
    """
    with network.lock, kept_modes(network.module), _nothing_in_place(network.module), torch.enable_grad():
        network.module.eval()
        yield


@contextmanager
def _nothing_in_place(module: nn.Module) -> Iterator[None]:
    changed: list[Any] = [layer for layer in module.modules() if getattr(layer, "inplace", None) is True]
    try:
        for layer in changed:
            layer.inplace = False
        yield
    finally:
        for layer in changed:
            layer.inplace = True


def choose_target(network: Network, logits: Tensor, target: int | None, contrast: int | None) -> int:
    """Return the class to explain, the best guess where none is named.

    Raises ``BadSettingError`` for a class that is not there, ``TlvizError`` where the logits (1, C) are no numbers.
    """
    for name, index in (("target", target), ("contrast", contrast)):
        if index is not None and not 0 <= index < logits.shape[1]:
            raise BadSettingError(
                f"The {name} class is number {index}, but this network has the classes 0 to {logits.shape[1] - 1}."
            )
    if not bool(torch.isfinite(logits).all()):
        raise TlvizError(
            f"The network {network.spec.name} gives values that are not finite (its weights may be damaged), "
            "so nothing can be explained; choose another network or run."
        )
    chosen = int(logits.argmax()) if target is None else target
    if chosen == contrast:
        raise BadSettingError(
            f"The class {chosen} cannot be contrasted with itself; choose another class or no contrast."
        )
    return chosen


def open_scene(
    network: Network,
    pixels: Pixels,
    *,
    target: int | None,
    contrast: int | None,
    seed: int,
    baseline: Baseline,
    progress: Progress | None,
    sketch: Sketch | None = None,
) -> AttributionContext:
    """Run a picture, uint8 (S, S, 3), once and settle on the class to explain; the network must be ``prepared``."""
    inputs = to_inputs(network, pixels)
    with torch.no_grad(), enough_memory():
        logits = network.module(inputs)
    ticker = Ticker(progress)
    score = ClassScore(network.module, choose_target(network, logits, target, contrast), contrast, ticker)
    return AttributionContext(network, pixels, inputs, score, float(score.pick(logits)), seed, baseline, ticker, sketch)


def first_batch(network: Network, side: int) -> int:
    """Return how many pictures go through a network at once, before memory has said otherwise."""
    parameters = sum(parameter.numel() for parameter in network.module.parameters())
    pixels = BATCH_PIXELS if parameters <= LARGE else BATCH_PIXELS // 4
    return max(1, min(MOST, pixels // side**2))


def halving(scene: AttributionContext, work: Callable[[int], Result]) -> Result:
    """Do ``work(batch)``, with half the batch again and again where memory runs out.

    Raises ``TlvizError`` where not even one picture at a time fits.
    """
    batch = first_batch(scene.network, scene.side)
    while batch > 1:
        try:
            return work(batch)
        except (MemoryError, RuntimeError) as error:  # torch's own error is a RuntimeError, on a CPU a plain one
            if not is_out_of_memory(error):
                raise
        batch //= 2
        scene.ticker.done = 0
    with enough_memory():
        return work(1)


@contextmanager
def enough_memory() -> Iterator[None]:
    """Turn memory that runs out into one sentence."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TlvizError(
            "There was not enough memory for one picture at a time; choose a smaller image size, a smaller network, "
            "or close other programs."
        ) from error


def pieces(total: int, size: int) -> Iterator[int]:
    """Yield the sizes of batches that make up a total."""
    for at in range(0, total, size):
        yield min(size, total - at)


@dataclass(frozen=True, slots=True)
class RawMap:
    """What a method found: a map (S, S), the map (h, w) of a stage it came from, its completeness gap, a remark."""

    map: Tensor
    stage_map: Tensor | None = None
    gap: float | None = None
    note: str = ""


def laid_over(stage_map: Tensor, side: int) -> Tensor:
    """Stretch a map (h, w) over a picture: (side, side), bilinear."""
    size = (side, side)
    return functional.interpolate(stage_map[None, None].float(), size=size, mode="bilinear", align_corners=False)[0, 0]


def completeness_gap(total: float, difference: float) -> float | None:
    """Return how far a map's sum misses the difference of two scores, as a share of it; None where there is none."""
    return abs(total - difference) / abs(difference) if abs(difference) > _NO_DIFFERENCE else None
