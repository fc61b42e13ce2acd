"""The checks give their known answers: constants stay constant, an edge detector fails, a learned map passes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.unit.explore.conftest import LinearNet, ReluNet, Wrap, seeded
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.attributions import attribute
from tlviz.explore.attribution.methods import Method
from tlviz.explore.attribution.randomise import Randomised, copied, randomisation, randomise_stage
from tlviz.explore.attribution.sanity_checks import Trust, check_trust, trust_passes
from tlviz.explore.attribution.verdicts import (
    judge_explained,
    judge_game,
    judge_gap,
    judge_randomised,
    judge_sensitivity,
)
from tlviz.measures.faithfulness import explained_share
from tlviz.models.load import Network


def sobel(pixels: Pixels) -> NDArray[np.float32]:
    grey = pixels.astype(np.float32).mean(-1)
    down, right = np.gradient(grey)
    return np.hypot(down, right).astype(np.float32)


def verdict(trust: Trust, name: str) -> bool | None:
    return next(v.passed for v in trust.verdicts if v.name == name)


def test_a_constant_model_gives_constant_curves(wrap: Wrap, picture: Pixels) -> None:
    module = seeded(ReluNet)
    with torch.no_grad():
        module.fc.weight.zero_()
        module.fc.bias.copy_(torch.log(torch.tensor([1.0, 3.0, 4.0])))
    network = wrap(module, conv="conv")
    trust = check_trust(network, picture, attribute(network, picture, Method.INPUT_X_GRADIENT, target=1))
    for game in (trust.deletion, trust.insertion):
        for curve in (game.curve, *game.chance):
            np.testing.assert_allclose(curve.probabilities, 0.375, rtol=1e-5)
        assert game.curve.area == pytest.approx(0.375)
    assert verdict(trust, "Removing") is not True
    assert trust.explained == 0


def test_a_linear_model_is_foretold_exactly(linear_net: Network, picture: Pixels) -> None:
    found = attribute(linear_net, picture, Method.INPUT_X_GRADIENT, target=2)
    trust = check_trust(linear_net, picture, found)
    assert trust.gap == pytest.approx(0, abs=1e-4)
    assert trust.explained == pytest.approx(1, abs=1e-6)
    assert trust.infidelity == pytest.approx(0, abs=1e-6)
    assert all(share < 0.9 for share in trust.explained_by_chance)
    assert verdict(trust, "Predicts")
    assert verdict(trust, "Adds up")
    assert trust.deletion.curve.area < min(curve.area for curve in trust.deletion.chance)
    assert trust.insertion.curve.area > max(curve.area for curve in trust.insertion.chance)
    assert verdict(trust, "Removing")
    assert verdict(trust, "Adding")


def test_curves_begin_and_end_where_they_must(relu_net: Network, picture: Pixels) -> None:
    found = attribute(relu_net, picture, Method.GRAD_CAM, target=1)
    trust = check_trust(relu_net, picture, found, random_maps=3)
    from tlviz.explore.attribution.context import to_inputs

    with torch.no_grad():
        whole = relu_net.module(to_inputs(relu_net, picture)).softmax(1)[0, 1].item()
        blank = relu_net.module(torch.zeros(1, 3, 16, 16)).softmax(1)[0, 1].item()
    assert trust.deletion.curve.probabilities[[0, -1]] == pytest.approx([whole, blank], rel=1e-4)
    assert trust.insertion.curve.probabilities[-1] == pytest.approx(whole, rel=1e-4)
    assert len(trust.deletion.chance) == len(trust.explained_by_chance) == 3


def test_captums_infidelity_is_the_share_that_is_not_told(relu_net: Network, picture: Pixels) -> None:
    from tlviz.explore.attribution import sanity_checks as room
    from tlviz.explore.attribution.context import open_scene, prepared
    from tlviz.explore.attribution.methods import Baseline

    found = attribute(relu_net, picture, Method.INPUT_X_GRADIENT, target=1)
    with prepared(relu_net):
        scene = open_scene(relu_net, picture, target=1, contrast=None, seed=0, baseline=Baseline.MEAN, progress=None)
        infidelity, masks, drops = room._infidelity(scene, found.map, room._Steps(None, 1))
    explained = explained_share(room._covered(found.map, masks), drops)
    assert infidelity == pytest.approx((1 - explained) * (drops**2).mean(), rel=1e-3, abs=1e-9)


def test_an_edge_detector_fails_the_randomisation_check(tiny: Network, picture: Pixels) -> None:
    edges = sobel(picture)
    found = randomisation(tiny, lambda _network: sobel(picture), edges)
    assert [depth.stage for depth in found] == ["head", "block2", "block1", "stem"]
    assert [depth.correlation for depth in found] == pytest.approx([1.0] * 4)
    assert judge_randomised(found).passed is False


def test_a_map_of_the_weights_passes_the_randomisation_check(wrap: Wrap, picture: Pixels) -> None:
    network = wrap(seeded(LinearNet), keep="keep")

    def weights(of: Network) -> NDArray[np.float32]:
        found: NDArray[np.float32] = of.module.fc.weight[0].detach().reshape(3, 16, 16).sum(0).numpy().copy()
        return found

    before = weights(network)
    found = randomisation(network, weights, before)
    assert all(abs(depth.correlation) < 0.3 for depth in found)
    assert judge_randomised(found).passed
    np.testing.assert_array_equal(weights(network), before)


def test_randomising_keeps_scale_and_the_original(tiny: Network) -> None:
    copy = copied(tiny)
    before = {name: value.clone() for name, value in tiny.module.state_dict().items()}
    randomise_stage(copy.module, copy.stages[2], torch.Generator().manual_seed(0))
    old, new = tiny.module.block2[0].weight, copy.module.block2[0].weight
    assert not torch.allclose(old, new)
    assert new.std().item() == pytest.approx(old.std().item(), rel=0.2)
    assert torch.equal(tiny.module.stem[0].weight, copy.module.stem[0].weight)
    assert all(torch.equal(value, before[name]) for name, value in tiny.module.state_dict().items())
    assert copy.lock is not tiny.lock


class CancelledError(Exception):
    pass


def test_progress_is_told_and_may_cancel(tiny: Network, picture: Pixels) -> None:
    found = attribute(tiny, picture, Method.GRAD_CAM, target=1)
    told: list[tuple[int, int]] = []
    check_trust(tiny, picture, found, progress=lambda *at: told.append(at))
    total = trust_passes(tiny, found)
    assert [at[0] for at in told] == sorted(at[0] for at in told)
    assert told[-1] == (total, total)

    def cancel(done: int, _total: int) -> None:
        if done > total // 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        check_trust(tiny, picture, found, progress=cancel)
    assert not tiny.lock.locked()
    assert not any(layer._forward_hooks for layer in tiny.module.modules())


def test_verdicts_say_their_numbers() -> None:
    assert judge_gap(None).passed is None
    assert (judge_gap(0.45).passed, judge_gap(0.02).passed) == (False, True)
    assert "45%" in judge_gap(0.45).sentence
    chance = [0.2, 0.3, 0.4]
    assert judge_game("Removing", "removed", (0.05, chance), is_better_below=True).passed is True
    assert judge_game("Removing", "removed", (0.25, chance), is_better_below=True).passed is None
    assert judge_game("Removing", "removed", (0.9, chance), is_better_below=True).passed is False
    added = judge_game("Adding", "added", (0.9, chance), is_better_below=False)
    assert added.passed is True
    assert "0.90" in added.sentence
    assert "0.30 ± 0.10" in added.sentence
    assert judge_explained((0.9, [0.1, 0.2])).passed is True
    assert [judge_sensitivity(value).passed for value in (0.1, 0.7, 1.5)] == [True, None, False]
    falling = [Randomised("head", 0.9), Randomised("b", 0.2), Randomised("a", 0.1)]
    assert judge_randomised(falling).passed is True
    assert judge_randomised([Randomised("head", 0.9), Randomised("a", 0.8)]).passed is False
