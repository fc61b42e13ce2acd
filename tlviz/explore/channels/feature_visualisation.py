"""What would a channel like to see?  A picture changed step by step until the channel answers most strongly."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadSettingError
from tlviz.explore.array_cache import keep, keep_key, read_kept
from tlviz.explore.channels.fourier_image import PaintSpace, random_view
from tlviz.explore.partial_forward import check_finite, run_to, weights_digest
from tlviz.models.load import Network
from tlviz.models.spec import Preprocessing, Sizing, Stage, find_stage

SIZE = 128
STEPS = 192
_RATE = 0.05
_SOFT_SHARE = 0.5
"""This share of the steps runs with leaky ReLUs, because else a channel silent on noise gives no direction.
Of 0.15, 0.5 and 1 this gave the strongest answers on six channels of SqueezeNet."""
_LEAK = 0.1
_KIND, _FORMAT = "drawings", 1

Progress = Callable[[int, int], None]


class Objective(StrEnum):
    """What is made large: the mean of the channel's map, a texture; or its middle position, a single thing."""

    MEAN = "everywhere"
    CENTRE = "in the middle"


@dataclass(frozen=True, slots=True)
class VisualisationRequest:
    """What shall be drawn: a channel of a stage's output, by its number from 0, and how."""

    stage: str
    channel: int
    objective: Objective = Objective.MEAN
    size: int = SIZE
    steps: int = STEPS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Visualisation:
    """An optimised picture, uint8 (S, S, 3), and the objective on the first noise and on the picture itself."""

    picture: Pixels
    before: float
    after: float

    @property
    def responds(self) -> bool:
        """Return whether the channel answers more to the picture than to noise; else the picture means nothing."""
        return self.after > self.before


def visualise(network: Network, request: VisualisationRequest, progress: Progress | None = None) -> Visualisation:
    """Draw what excites a channel (Olah et al. 2017, https://distill.pub/2017/feature-visualization).

    The picture is a spectrum of decorrelated colours, so that all scales and colours grow alike, and is seen shifted,
    scaled and turned a little at every step, so that it does not become noise that only one pixel grid can see.  The
    work is done on a copy of the network, in eval mode, so that others can use the network meanwhile; equal requests
    give equal pictures on equal machines.  ``progress`` gets the steps done and their number and may raise to end it.
    Raises ``UnknownNameError`` for the stage, ``BadSettingError`` for the channel, ``BadWeightsError`` for weights
    that are not finite.
    """
    stage = find_stage(network.stages, request.stage)
    if not 0 <= request.channel < stage.channels:
        raise BadSettingError(
            f"channel is {request.channel}; {stage.name} has {stage.channels:,}, from 0 to {stage.channels - 1}."
        )
    with network.lock:
        check_finite(network)
        module = copy.deepcopy(network.module).eval().requires_grad_(requires_grad=False)
    size = visualisation_size(network, request.size)
    subject = _Subject(module, stage, request, network.spec.pixels)
    space = PaintSpace(size, request.seed)
    before = float(subject.score(space.picture().detach()))
    _climb(subject, space, request, progress)
    picture = space.picture().detach()
    pixels = (picture[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return Visualisation(np.ascontiguousarray(pixels), before, float(subject.score(picture)))


def visualisation_size(network: Network, size: int) -> int:
    """Return the side at which a network can be drawn for: the requested one, or its own where it takes no other."""
    weights = network.spec
    takes = weights.sizing is Sizing.FREE and weights.takes(size)
    return size if takes else weights.preprocessing.size


def visualisation_key(digest: str, request: VisualisationRequest) -> str:
    """Return the name under which a visualisation is kept; ``digest`` is the network's ``weights_digest``."""
    return keep_key(
        digest,
        request.stage,
        request.channel,
        request.objective.value,
        request.size,
        request.steps,
        request.seed,
        _FORMAT,
    )


def kept_visualisation(digest: str, request: VisualisationRequest) -> Visualisation | None:
    """Return a visualisation made before, None where there is none."""
    arrays = read_kept(_KIND, visualisation_key(digest, request)) or {}
    if set(arrays) != {"picture", "scores"}:
        return None
    picture: NDArray[np.uint8] = arrays["picture"].astype(np.uint8)
    before, after = (float(score) for score in arrays["scores"].astype(np.float64))
    return Visualisation(picture, before, after)


def visualise_and_keep(
    network: Network, request: VisualisationRequest, progress: Progress | None = None
) -> Visualisation:
    """Return a visualisation from the disk, or make it and keep it there; raises what ``visualise`` raises."""
    digest = weights_digest(network)
    found = kept_visualisation(digest, request)
    if found is None:
        found = visualise(network, request, progress)
        scores = np.array([found.before, found.after])
        keep(_KIND, visualisation_key(digest, request), {"picture": found.picture, "scores": scores})
    return found


class _Subject:
    """A frozen network of one's own and what is wanted of it."""

    def __init__(self, module: nn.Module, stage: Stage, request: VisualisationRequest, weights: Preprocessing) -> None:
        self._module = module
        self._soft = _soften(module)
        self._stage = stage
        self._request = request
        device = next(module.parameters()).device
        self._mean, self._std = (
            torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (weights.mean, weights.std)
        )

    def score(self, picture: Tensor, *, softly: bool = False) -> Tensor:
        """Return the objective, a scalar, for a picture (1, 3, S, S) in 0 to 1."""
        inputs = ((picture.to(self._mean.device) - self._mean) / self._std).contiguous(
            memory_format=torch.channels_last
        )
        found: list[Tensor] = []

        def take(_stage: Stage, maps: Tensor) -> None:
            answers = maps[0, self._request.channel]
            middle = answers.shape[-2] // 2, answers.shape[-1] // 2
            found.append(answers.mean() if self._request.objective is Objective.MEAN else answers[middle])

        run_to(self._soft if softly else self._module, inputs, [self._stage], take)
        return found[0]


def _climb(subject: _Subject, space: PaintSpace, request: VisualisationRequest, progress: Progress | None) -> None:
    """Change the picture step by step."""
    generator = torch.Generator().manual_seed(request.seed)
    optimizer = torch.optim.Adam([space.spectrum], lr=_RATE)
    for step in range(request.steps):
        optimizer.zero_grad()
        view = random_view(space.picture(), generator)
        loss = -subject.score(view, softly=step < _SOFT_SHARE * request.steps)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if progress:
            progress(step + 1, request.steps)


class _Leaky(nn.Module):
    """A ReLU or ReLU6 that lets a small part of negative values through."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self._most = most

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.leaky_relu(x, _LEAK).clamp(max=self._most)


def _soften(module: nn.Module) -> nn.Module:
    """Return a copy that shares all tensors and has leaky ReLUs instead of plain ones."""
    tensors = [*module.parameters(), *module.buffers()]
    soft = copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})
    for layer in list(soft.modules()):
        for name, child in layer.named_children():
            if isinstance(child, nn.ReLU | nn.ReLU6):
                setattr(layer, name, _Leaky(6.0 if isinstance(child, nn.ReLU6) else math.inf))
    return soft
