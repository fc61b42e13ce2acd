"""The checks of values per token: a good order beats chance, and the network given is not touched."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.unit.explore.attribution.test_tokens import TEXT, Encoder
from tests.unit.explore.test_sentence import encoder as encoder
from tlviz.explore.attribution.token_methods import TokenMethod
from tlviz.explore.attribution.token_trust import ORDERS, check_token_trust
from tlviz.explore.attribution.tokens import attribute_tokens


def test_deletion_falls_faster_by_the_values_than_against_them(encoder: Encoder) -> None:
    network, form = encoder
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    found = attribute_tokens(network, TEXT, form, TokenMethod.OCCLUSION, target=1)
    trust = check_token_trust(network, TEXT, form, found)
    against = check_token_trust(network, TEXT, form, replace(found, values=-found.values))
    assert trust.deletion.shape == (found.sentence.words + 1,)
    assert trust.deletion.mean() < against.deletion.mean()
    assert trust.deletion[0] == against.deletion[0] == found.probabilities[1]
    assert len(trust.chance_area) == ORDERS
    assert [one.stage for one in trust.randomised] == [stage.name for stage in reversed(network.stages)]
    assert all(torch.equal(before[name], value) for name, value in network.module.state_dict().items())
    assert "do as well" in against.summary
