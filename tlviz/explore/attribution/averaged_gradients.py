"""Maps from gradients at many points: averaged over noise, or on the way from a baseline; they grow while computed."""

from __future__ import annotations

from collections.abc import Callable
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
from tlviz.explore.attribution.growing import FIRST, GrowingIntegral
from tlviz.explore.attribution.methods import SAMPLES, STEPS


def integrated_gradients(scene: AttributionContext) -> RawMap:
    """Return Integrated Gradients (Sundararajan et al. 2017) from the scene's baseline, 32 steps in batches."""
    method, blank = vision.captum().IntegratedGradients(scene.score), scene.blank()
    compute = method.gradient_func
    difference = scene.inputs - blank

    def work(batch: int) -> Tensor:
        growing = GrowingIntegral(STEPS)

        def show() -> None:
            scene.show(lambda: flat(growing.mean() * difference))

        def watched(**asked: Any) -> tuple[Tensor, ...]:
            found: tuple[Tensor, ...] = compute(**asked)
            if scene.sketch:
                growing.add(found[0])
                show()
            return found

        scene.ticker.plan(STEPS + 1 + _looks(scene))
        method.gradient_func = watched
        if scene.sketch:
            shares = torch.tensor(growing.shares(), device=difference.device).view(-1, 1, 1, 1)
            points = (blank + shares * difference).requires_grad_()
            growing.begin(compute(forward_fn=scene.score, inputs=(points,))[0])
            show()
        return tensor_of(
            method.attribute(scene.inputs, baselines=blank, n_steps=STEPS, internal_batch_size=min(batch, STEPS))
        )

    found = halving(scene, work)
    return RawMap(flat(found), gap=gap_of(scene, found, blank))


def smoothgrad(scene: AttributionContext) -> RawMap:
    """Return the absolute mean gradient over noisy copies (Smilkov et al. 2017), the noise 15% of the range."""
    method = vision.captum().Saliency(scene.score)

    def work(batch: int) -> Tensor:
        scene.ticker.plan(SAMPLES + _looks(scene))
        generator, total, done = scene.generator(), torch.zeros_like(scene.inputs), 0
        for count in pieces(SAMPLES, batch):
            noisy = scene.inputs + scene.noise(count, SMOOTHGRAD_NOISE, generator)
            if not done:
                _first_look(scene, lambda: _gradient(method, noisy[:FIRST]), Tensor.abs)  # noqa: B023 (called at once)
            total += _gradient(method, noisy).sum(0, keepdim=True)
            done += count
            scene.show(lambda: flat((total / done).abs()))  # noqa: B023 (called at once)
        return total / SAMPLES

    return RawMap(flat(halving(scene, work).abs()))


def gradient_shap(scene: AttributionContext) -> RawMap:
    """Return GradientShap (Lundberg & Lee 2017): noise, four plain baselines in turn, a random point on the way."""
    method, blanks = vision.captum().Saliency(scene.score), four_blanks(scene)

    def work(batch: int) -> Tensor:
        scene.ticker.plan(SAMPLES + len(blanks) + _looks(scene))
        total, done = torch.zeros_like(scene.inputs), 0
        for noisy, starts, points in shap_points(scene, blanks, batch):
            steps = noisy - starts
            if not done:
                _first_look(scene, lambda: _gradient(method, points[:FIRST]) * steps[:FIRST])  # noqa: B023
            total += (_gradient(method, points) * steps).sum(0, keepdim=True)
            done += len(points)
            scene.show(lambda: flat(total / done))  # noqa: B023 (called at once)
        return total / SAMPLES

    found = halving(scene, work)
    return RawMap(flat(found), gap=gap_of(scene, found, blanks))


def _looks(scene: AttributionContext) -> int:
    """Return how many steps the coarse look takes: none where nobody waits."""
    return FIRST if scene.sketch else 0


def _first_look(
    scene: AttributionContext, compute: Callable[[], Tensor], finish: Callable[[Tensor], Tensor] = lambda mean: mean
) -> None:
    """Show the mean over the first few samples, where somebody waits."""
    scene.show(lambda: flat(finish(compute().mean(0, keepdim=True))))


def _gradient(method: Any, points: Tensor) -> Tensor:
    return tensor_of(method.attribute(points.detach().requires_grad_(), abs=False))
