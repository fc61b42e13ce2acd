"""Maps that grow end as if they had not: bit for bit those of captum, whatever was shown meanwhile."""

from __future__ import annotations

import captum.attr
import numpy as np
import pytest
import torch
from torch import Tensor

from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution import gradient_maps
from tlviz.explore.attribution.attributions import Map, attribute
from tlviz.explore.attribution.context import AttributionContext, first_batch, open_scene, pieces, prepared
from tlviz.explore.attribution.methods import METHODS, SAMPLES, STEPS, Baseline, Method
from tlviz.explore.attribution.perturbation import PLACES
from tlviz.explore.attribution.superpixels import superpixels
from tlviz.models.load import Network

GROWING = [
    Method.INTEGRATED_GRADIENTS,
    Method.SMOOTHGRAD,
    Method.GRADIENT_SHAP,
    Method.OCCLUSION,
    Method.FEATURE_ABLATION,
]


def plainly(scene: AttributionContext, method: Method) -> Tensor:
    """Compute a map as captum's manual says, in its own order and batches: (1, 3, S, S)."""
    batch, blank = first_batch(scene.network, scene.side), scene.blank()
    if method is Method.INTEGRATED_GRADIENTS:
        return captum.attr.IntegratedGradients(scene.score).attribute(
            scene.inputs, baselines=blank, n_steps=STEPS, internal_batch_size=min(batch, STEPS)
        )
    if method in (Method.OCCLUSION, Method.FEATURE_ABLATION):
        stride = max(1, round(scene.side / (PLACES + 1)))
        labels = torch.from_numpy(superpixels(scene.pixels, 64))[None, None]
        return (
            captum.attr.Occlusion(scene.score).attribute(
                scene.inputs, sliding_window_shapes=(3, 2 * stride, 2 * stride), strides=(3, stride, stride),
                baselines=blank, perturbations_per_eval=batch,
            )
            if method is Method.OCCLUSION
            else captum.attr.FeatureAblation(scene.score).attribute(
                scene.inputs, baselines=blank, feature_mask=labels, perturbations_per_eval=batch
            )
        )  # fmt: skip
    saliency, total, generator = captum.attr.Saliency(scene.score), torch.zeros_like(scene.inputs), scene.generator()
    if method is Method.SMOOTHGRAD:
        for count in pieces(SAMPLES, batch):
            noisy = scene.inputs + scene.noise(count, gradient_maps.SMOOTHGRAD_NOISE, generator)
            total += saliency.attribute(noisy.requires_grad_(), abs=False).sum(0, keepdim=True)
        return (total / SAMPLES).abs()
    for noisy, starts, points in gradient_maps.shap_points(scene, gradient_maps.four_blanks(scene), batch):
        gradients = saliency.attribute(points.requires_grad_(), abs=False)
        total += (gradients * (noisy - starts)).sum(0, keepdim=True)
    return total / SAMPLES


@pytest.mark.parametrize("method", GROWING)
@pytest.mark.parametrize("is_watched", [True, False])
def test_the_map_is_bit_for_bit_captums(tiny: Network, picture: Pixels, method: Method, *, is_watched: bool) -> None:
    seen: list[Map] = []
    found = attribute(tiny, picture, method, target=1, sketch=seen.append if is_watched else None)
    with prepared(tiny), torch.set_grad_enabled(method not in (Method.OCCLUSION, Method.FEATURE_ABLATION)):
        scene = open_scene(
            tiny, picture, target=1, contrast=None, seed=0, baseline=Baseline.BLUR, progress=None
        )  # fmt: skip
        plain = plainly(scene, method)
    is_covered = method in (Method.OCCLUSION, Method.FEATURE_ABLATION)
    expected = (plain.mean(1) if is_covered else plain.sum(1))[0].float().numpy()
    assert np.array_equal(found.map, expected)
    assert bool(seen) is is_watched


@pytest.mark.parametrize("method", GROWING)
def test_a_map_grows_towards_the_one_that_is_returned(tiny: Network, picture: Pixels, method: Method) -> None:
    seen: list[Map] = []
    steps: list[int] = []
    found = attribute(
        tiny, picture, method, target=1, sketch=seen.append, progress=lambda done, _: steps.append(done)
    ).map
    assert len(seen) >= 2
    assert all(sketch.shape == found.shape and sketch.dtype == np.float32 for sketch in seen)
    last, first = (np.corrcoef(sketch.ravel(), found.ravel())[0, 1] for sketch in (seen[-1], seen[0]))
    assert last > max(0.75, first - 1e-6)
    assert steps == sorted(steps), "no step is counted twice"


def test_who_waits_may_end_it(relu_net: Network, picture: Pixels) -> None:
    def leave(_: Map) -> None:
        raise KeyboardInterrupt

    for method in GROWING:
        with pytest.raises(KeyboardInterrupt):
            attribute(relu_net, picture, method, sketch=leave)
        assert not relu_net.lock.locked()


def test_what_does_not_work_in_steps_shows_nothing(relu_net: Network, picture: Pixels) -> None:
    for method in set(METHODS) - set(GROWING) - {Method.ATTENTION_ROLLOUT, Method.TOKEN_GRAD_CAM}:
        seen: list[Map] = []
        attribute(relu_net, picture, method, sketch=seen.append)
        assert not seen


@pytest.mark.parametrize("method", GROWING)
def test_nobody_who_waits_costs_no_look(tiny: Network, picture: Pixels, method: Method) -> None:
    totals: list[int] = []
    attribute(tiny, picture, method, progress=lambda _, total: totals.append(total))
    watched: list[int] = []
    attribute(tiny, picture, method, progress=lambda _, total: watched.append(total), sketch=lambda _: None)
    assert set(watched) >= {max(totals)} if method is Method.FEATURE_ABLATION else max(watched) > max(totals)
