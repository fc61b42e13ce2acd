"""A pass ends behind the last stage that is wanted, and what is not finite is named."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tlviz.errors import BadWeightsError
from tlviz.explore.partial_forward import check_finite, run_to, weights_digest
from tlviz.models.load import Network
from tlviz.models.spec import Stage


def test_a_pass_shows_the_wanted_stages_and_ends_behind_the_last(tiny: Network) -> None:
    module, inputs = tiny.module.train(), torch.rand(2, 3, 32, 32)
    ran: list[str] = []
    for name in ("stem", "block1", "block2", "fc"):
        module.get_submodule(name).register_forward_hook(lambda *_, name=name: ran.append(name))
    shown: dict[str, Tensor] = {}

    def observe(stage: Stage, maps: Tensor) -> None:
        shown[stage.name] = maps.detach().clone()

    run_to(module, inputs, [tiny.stages[1], tiny.stages[0]], observe)
    assert ran == ["stem", "block1"]
    assert list(shown) == ["stem", "block1"]
    assert module.training
    module.eval()
    with torch.no_grad():
        stem = module.stem(inputs)
        torch.testing.assert_close(shown["stem"], stem)
        torch.testing.assert_close(shown["block1"], module.block1(stem))


def test_the_first_tensor_that_is_not_finite_is_named(tiny: Network) -> None:
    check_finite(tiny)
    with torch.no_grad():
        tiny.module.block2[1].running_var[0] = torch.inf
        tiny.module.fc.weight[0, 0] = torch.nan
    with pytest.raises(BadWeightsError, match=r"block2\.1\.running_var holds numbers that are not finite"):
        check_finite(tiny)


def test_a_digest_changes_with_any_number_and_comes_back(tiny: Network) -> None:
    first = weights_digest(tiny)
    tiny.module.fc.requires_grad_(False)
    assert weights_digest(tiny) == first, "what is frozen is no part of it"
    with torch.no_grad():
        tiny.module.fc.bias[0] += 1
        assert weights_digest(tiny) != first
        tiny.module.fc.bias[0] -= 1
        tiny.module.stem[1].running_mean[0] += 1
    assert weights_digest(tiny) != first
