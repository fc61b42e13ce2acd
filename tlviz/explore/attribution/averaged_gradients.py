"""Maps from gradients at many points: averaged over noise, or on the way from a baseline; they grow while computed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tlviz import vision
from tlviz.explore.attribution.context import AttributionContext, RawMap, halving, pieces
from tlviz.explore.attribution.gradient_maps import (
    SMOOTHGRAD_NOISE,
    flat,
    four_blanks,
    gap_of,
    shap_points,
    tensor_of,
)
from tlviz.explore.attribution.growing import grown_gradients, spread
from tlviz.explore.attribution.methods import SAMPLES, STEPS


def integrated_gradients(scene: AttributionContext) -> RawMap:
    """Return Integrated Gradients (Sundararajan et al. 2017) from the scene's baseline, 32 steps in batches.

    The steps are taken out of their order, those that lie far apart first: captum says where they are and adds them up.
    """
    method, blank = vision.captum().IntegratedGradients(scene.score), scene.blank()
    compute = method.gradient_func

    def work(batch: int) -> Tensor:
        scene.ticker.plan(STEPS + 1)
        batch = min(batch, STEPS)
        mean = _Mean(scene, lambda gradient: gradient * (scene.inputs - blank))

        def gradient(points: Tensor) -> Tensor:
            return tensor_of(compute(forward_fn=scene.score, inputs=(points.requires_grad_(),))[0])

        points = _asked_points(method, scene.inputs, blank, batch)
        found = grown_gradients(points, spread(STEPS), batch, gradient, mean.add)
        answers = iter(found.split(batch))
        method.gradient_func = lambda **_: (next(answers),)
        return _integrated(method, scene.inputs, blank, batch)

    found = halving(scene, work)
    return RawMap(flat(found), gap=gap_of(scene, found, blank))


def _integrated(method: Any, inputs: Tensor, blank: Tensor, batch: int) -> Tensor:
    return tensor_of(method.attribute(inputs, baselines=blank, n_steps=STEPS, internal_batch_size=batch))


def _asked_points(method: Any, inputs: Tensor, blank: Tensor, batch: int) -> Tensor:
    """Return the points (STEPS, 3, S, S) at which captum asks for gradients, in its order."""
    asked: list[Tensor] = []

    def keep(inputs: tuple[Tensor, ...], **_: object) -> tuple[Tensor, ...]:
        asked.append(inputs[0].detach())
        return (torch.zeros_like(inputs[0]),)

    method.gradient_func = keep
    _integrated(method, inputs, blank, batch)
    return torch.cat(asked)


def smoothgrad(scene: AttributionContext) -> RawMap:
    """Return the absolute mean gradient over noisy copies (Smilkov et al. 2017), the noise 15% of the range."""
    method = vision.captum().Saliency(scene.score)

    def work(batch: int) -> Tensor:
        scene.ticker.plan(SAMPLES)
        generator, total, mean = scene.generator(), torch.zeros_like(scene.inputs), _Mean(scene, Tensor.abs)
        for count in pieces(SAMPLES, batch):
            noisy = scene.inputs + scene.noise(count, SMOOTHGRAD_NOISE, generator)
            total += grown_gradients(noisy, range(count), batch, partial(_gradient, method), mean.add).sum(
                0, keepdim=True
            )
        return total / SAMPLES

    return RawMap(flat(halving(scene, work).abs()))


def gradient_shap(scene: AttributionContext) -> RawMap:
    """Return GradientShap (Lundberg & Lee 2017): noise, four plain baselines in turn, a random point on the way."""
    method, blanks = vision.captum().Saliency(scene.score), four_blanks(scene)

    def work(batch: int) -> Tensor:
        scene.ticker.plan(SAMPLES + len(blanks))
        total, mean = torch.zeros_like(scene.inputs), _Mean(scene)
        for noisy, starts, points in shap_points(scene, blanks, batch):
            steps = noisy - starts
            found = grown_gradients(
                points, range(len(points)), batch, partial(_gradient, method),
                lambda gradients, places, steps=steps: mean.add(gradients * steps[places], places),
            )  # fmt: skip
            total += (found * steps).sum(0, keepdim=True)
        return total / SAMPLES

    found = halving(scene, work)
    return RawMap(flat(found), gap=gap_of(scene, found, blanks))


class _Mean:
    """The mean over the samples so far, finished by ``finish``, which whoever waits sees grow."""

    def __init__(self, scene: AttributionContext, finish: Callable[[Tensor], Tensor] = lambda mean: mean) -> None:
        self._scene, self._finish = scene, finish
        self._sum, self._count = torch.zeros_like(scene.inputs), 0

    def add(self, values: Tensor, _places: list[int]) -> None:
        """Add the values (n, 3, S, S) of one batch."""
        if self._scene.sketch:
            self._sum += values.sum(0, keepdim=True)
            self._count += len(values)
            self._scene.show(lambda: flat(self._finish(self._sum / self._count)))


def _gradient(method: Any, points: Tensor) -> Tensor:
    return tensor_of(method.attribute(points.requires_grad_(), abs=False))
