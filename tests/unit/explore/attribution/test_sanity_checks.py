"""The checks give their known answers: constants stay constant, a linear network is foretold exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.unit.explore.conftest import ReluNet, Wrap, seeded
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.attributions import attribute
from tlviz.explore.attribution.methods import Method
from tlviz.explore.attribution.sanity_checks import Trust, check_trust, trust_passes
from tlviz.measures.faithfulness import explained_share
from tlviz.models.load import Network


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
