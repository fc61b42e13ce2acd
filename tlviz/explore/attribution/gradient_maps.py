"""Maps from gradients at the picture's own resolution, and the same methods at the output of every stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from tlviz import vision
from tlviz.explore.attribution.activations import RecordedActivations, map_stages, record_activations, recorded_layers
from tlviz.explore.attribution.context import AttributionContext, RawMap, completeness_gap, halving, laid_over, pieces
from tlviz.explore.attribution.methods import SAMPLES, STEPS, Baseline, Method

SMOOTHGRAD_NOISE = 0.15
SHAP_NOISE = 0.09
Points = Callable[[int], Iterator[Tensor]]


def saliency(scene: AttributionContext) -> RawMap:
    """Return the gradient's absolute values, summed over the colours (Simonyan et al. 2014)."""
    scene.ticker.plan(1)
    found = vision.captum().Saliency(scene.score).attribute(scene.leaf(), abs=True)
    return RawMap(flat(found))


def input_x_gradient(scene: AttributionContext) -> RawMap:
    """Return the input times its gradient (Shrikumar et al. 2016), and how far its sum misses f(x) - f(0)."""
    scene.ticker.plan(2)
    found = vision.captum().InputXGradient(scene.score).attribute(scene.leaf())
    return RawMap(flat(found), gap=gap_of(scene, found, scene.blank(Baseline.MEAN)))


def deeplift(scene: AttributionContext) -> RawMap:
    """Return DeepLift with the rescale rule (Shrikumar et al. 2017) against the scene's baseline."""
    scene.ticker.plan(2)
    blank = scene.blank()
    try:
        found = vision.captum().DeepLift(scene.score).attribute(scene.leaf(), baselines=blank)
    finally:
        _forget_kept_tensors(scene)
    return RawMap(flat(found), gap=gap_of(scene, found, blank))


def guided_backprop(scene: AttributionContext) -> RawMap:
    """Return the gradient with negative parts dropped at each ReLU (Springenberg et al. 2015)."""
    scene.ticker.plan(1)
    return RawMap(flat(vision.captum().GuidedBackprop(scene.score).attribute(scene.leaf())))


def layer_maps(scene: AttributionContext, method: Method) -> dict[str, Tensor]:
    """Return the map (h, w) of a gradient method at the output A of every stage; one set of passes serves all.

    Saliency and SmoothGrad: the sum over channels of the absolute (mean) gradient.  Input x Gradient: A times its
    gradient.  Integrated Gradients: the layer's conductance (Dhamdhere et al. 2018), the gradients on the way from
    the baseline times the steps that A makes, which adds up to the same difference at every stage.  GradientShap: the
    gradients at its random points times A(picture) - A(baseline).  Guided Backprop: the guided gradient.
    """
    layers = recorded_layers(scene.network)
    with record_activations(scene.network.module, layers) as seen:
        by_path = halving(scene, lambda batch: _LAYERS[method](scene, seen, batch))
    by_stage: dict[str, Tensor] = {}
    for stage in map_stages(scene.network):
        paths = [layer.path for layer in layers if layer.path in by_path]
        last = max(at for at, path in enumerate(paths) if path in stage.modules)
        telling = (path for path in reversed(paths[: last + 1]) if bool(by_path[path].any()))
        by_stage[stage.name] = by_path[next(telling, paths[last])]
    return by_stage


def stage_drawings(scene: AttributionContext, method: Method) -> dict[str, RawMap]:
    """Return ``layer_maps`` stretched over the picture, with the completeness gap of the methods that promise one.

    Where a stage is all that the score depends on, conductance and GradientShap there add up to the same difference of
    scores as at the picture; what leads past the map, as a transformer's class token does, is missing in its sum.
    """
    maps = layer_maps(scene, method)
    blanks = _COMPARED[method](scene) if method in _COMPARED else None
    base = _base(scene, blanks) if blanks is not None else None
    return {
        name: RawMap(
            laid_over(value, scene.side),
            value.float(),
            None if base is None else completeness_gap(_total(value), scene.value - base),
        )
        for name, value in maps.items()
    }


def _layer_saliency(scene: AttributionContext, seen: RecordedActivations, _batch: int) -> dict[str, Tensor]:
    scene.ticker.plan(1)
    return {path: grad.abs().sum(1)[0] for path, grad in _gradients(scene, seen, scene.inputs).items()}


def _layer_input_x_gradient(scene: AttributionContext, seen: RecordedActivations, _batch: int) -> dict[str, Tensor]:
    scene.ticker.plan(1)
    gradients, maps = _gradients(scene, seen, scene.inputs), seen.maps()
    return {path: (maps[path] * grad).sum(1)[0] for path, grad in gradients.items()}


def _layer_smoothgrad(scene: AttributionContext, seen: RecordedActivations, batch: int) -> dict[str, Tensor]:
    scene.ticker.plan(SAMPLES)
    generator, total = scene.generator(), _Sum()
    for count in pieces(SAMPLES, batch):
        noisy = scene.inputs + scene.noise(count, SMOOTHGRAD_NOISE, generator)
        total.add({path: grad.sum(0) for path, grad in _gradients(scene, seen, noisy).items()})
    return {path: (grad / SAMPLES).abs().sum(0) for path, grad in total.values.items()}


def _conductance(scene: AttributionContext, seen: RecordedActivations, batch: int) -> dict[str, Tensor]:
    """Sum gradients at the middles of the steps' ends (trapezoid) times the steps between neighbouring points."""
    scene.ticker.plan(STEPS + 2)
    blank, total = scene.blank(), _Sum()
    shares = torch.linspace(0, 1, STEPS + 1, device=scene.inputs.device)
    before: tuple[dict[str, Tensor], dict[str, Tensor]] | None = None
    for part in torch.split(shares, batch):
        points = blank + part[:, None, None, None] * (scene.inputs - blank)
        gradients, maps = _gradients(scene, seen, points), seen.maps()
        if before is not None:
            gradients = {path: torch.cat([before[0][path], grad]) for path, grad in gradients.items()}
            maps = {path: torch.cat([before[1][path], value]) for path, value in maps.items()}
        total.add(
            {
                path: ((grad[1:] + grad[:-1]) / 2 * maps[path].diff(dim=0)).sum((0, 1))
                for path, grad in gradients.items()
            }
        )
        before = {path: g[-1:] for path, g in gradients.items()}, {path: m[-1:] for path, m in maps.items()}
    return total.values


def _layer_gradient_shap(scene: AttributionContext, seen: RecordedActivations, batch: int) -> dict[str, Tensor]:
    blanks, total = four_blanks(scene), _Sum()
    scene.ticker.plan(SAMPLES + 1 + 2 * len(blanks))
    with torch.no_grad():
        scene.score(torch.cat([scene.inputs, blanks]))
    step = {path: value[0] - value[1:].mean(0) for path, value in seen.maps().items()}
    for _noisy, _starts, points in shap_points(scene, blanks, batch):
        total.add({path: grad.sum(0) for path, grad in _gradients(scene, seen, points).items()})
    return {path: (grad / SAMPLES * step[path]).sum(0) for path, grad in total.values.items()}


def _layer_guided(scene: AttributionContext, seen: RecordedActivations, _batch: int) -> dict[str, Tensor]:
    scene.ticker.plan(1)
    guided, found = vision.captum().GuidedBackprop(scene.score), {}

    def gradient_func(_forward: object, inputs: tuple[Tensor, ...], *_: object) -> tuple[Tensor, ...]:
        found.update(_gradients(scene, seen, inputs[0]))
        return inputs

    guided.gradient_func = gradient_func
    guided.attribute(scene.leaf())
    return {path: grad.sum(1)[0] for path, grad in found.items()}


_LAYERS: dict[Method, Callable[[AttributionContext, RecordedActivations, int], dict[str, Tensor]]] = {
    Method.SALIENCY: _layer_saliency,
    Method.INPUT_X_GRADIENT: _layer_input_x_gradient,
    Method.SMOOTHGRAD: _layer_smoothgrad,
    Method.INTEGRATED_GRADIENTS: _conductance,
    Method.GRADIENT_SHAP: _layer_gradient_shap,
    Method.GUIDED_BACKPROP: _layer_guided,
}

_COMPARED: dict[Method, Callable[[AttributionContext], Tensor]] = {
    Method.INTEGRATED_GRADIENTS: lambda scene: scene.blank(),
    Method.GRADIENT_SHAP: lambda scene: four_blanks(scene),
}
"""The baselines (N, 3, S, S) of the methods whose values at a stage promise to add up."""


class _Sum:
    """Adds tensors up by name."""

    def __init__(self) -> None:
        self.values: dict[str, Tensor] = {}

    def add(self, more: dict[str, Tensor]) -> None:
        for name, value in more.items():
            self.values[name] = self.values[name] + value if name in self.values else value


def _gradients(scene: AttributionContext, seen: RecordedActivations, points: Tensor) -> dict[str, Tensor]:
    return seen.gradients(scene.score(points).sum())


def four_blanks(scene: AttributionContext) -> Tensor:
    """Return every kind of baseline (4, 3, S, S)."""
    return torch.cat([scene.blank(kind) for kind in Baseline])


def shap_points(scene: AttributionContext, blanks: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield batches of noisy pictures, their baselines in turn, and a random point between the two of each."""
    generator, at = scene.generator(), 0
    for count in pieces(SAMPLES, batch):
        noisy = scene.inputs + scene.noise(count, SHAP_NOISE, generator)
        starts = blanks[torch.arange(at, at + count) % len(blanks)]
        shares = torch.rand(count, 1, 1, 1, generator=generator).to(noisy.device)
        yield noisy, starts, starts + shares * (noisy - starts)
        at += count


def gap_of(scene: AttributionContext, found: Any, blanks: Tensor) -> float | None:
    """Return how far a map's sum misses the difference of the score from the mean of baselines'."""
    return completeness_gap(_total(found), scene.value - _base(scene, blanks))


def _total(found: Any) -> float:
    """Return the sum of a map's values, added in double precision."""
    return float(found.detach().cpu().double().sum())


def _base(scene: AttributionContext, blanks: Tensor) -> float:
    """Return the mean score of baselines."""
    with torch.no_grad():
        return float(scene.score(blanks).mean())


def flat(found: Any) -> Tensor:
    """Sum an attribution (1, 3, S, S) over its colours: (S, S)."""
    return tensor_of(found).detach().sum(1)[0].float()


def tensor_of(found: Any) -> Tensor:
    """Return what captum gave, which has no types."""
    tensor: Tensor = found
    return tensor


def _forget_kept_tensors(scene: AttributionContext) -> None:
    """Remove the inputs and outputs that captum's DeepLift leaves on layers where it did not come to its end."""
    for layer in scene.network.module.modules():
        for name in ("input", "output"):
            if isinstance(vars(layer).get(name), Tensor):
                delattr(layer, name)
