"""Values per token: what they add up to, that they follow the words, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.unit.explore.test_sentence import encoder as encoder
from tlviz.data.texts.source import TextForm
from tlviz.errors import BadSettingError, TlvizError
from tlviz.explore.attribution.token_methods import TOKEN_METHODS, TokenMethod
from tlviz.explore.attribution.tokens import attribute_tokens, in_words
from tlviz.models.load import Network

TEXT = "the film is not very good"
Encoder = tuple[Network, TextForm]


@pytest.mark.parametrize("stage", [None, "block2"])
def test_integrated_gradients_add_up(encoder: Encoder, stage: str | None) -> None:
    found = attribute_tokens(encoder[0], TEXT, encoder[1], TokenMethod.INTEGRATED_GRADIENTS, target=1, stage=stage)
    assert found.gap is not None and found.gap < 0.02
    assert found.stage == (stage or "embeddings")


def test_occlusion_is_what_a_masked_word_costs(encoder: Encoder) -> None:
    network, form = encoder
    found = attribute_tokens(network, TEXT, form, TokenMethod.OCCLUSION, target=1)
    with torch.no_grad():
        rows = [found.sentence.numbers, found.sentence.without([3])]
        own, without = network.module.eval()(torch.from_numpy(np.stack(rows).astype(np.int64)))[:, 1]
    assert found.values[4] == pytest.approx(float(own - without), abs=1e-6)
    assert found.values[0] == found.values[-1] == 0


def test_the_other_of_two_classes_has_the_opposite_values(encoder: Encoder) -> None:
    network, form = encoder
    for method in (TokenMethod.INPUT_X_GRADIENT, TokenMethod.INTEGRATED_GRADIENTS):
        one = attribute_tokens(network, TEXT, form, method, target=1, contrast=0)
        other = attribute_tokens(network, TEXT, form, method, target=0, contrast=1)
        np.testing.assert_allclose(one.values, -other.values, atol=1e-6)


@pytest.mark.parametrize("method", TokenMethod)
def test_every_method_has_one_value_a_token_and_leaves_no_trace(encoder: Encoder, method: TokenMethod) -> None:
    network, form = encoder
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    found = attribute_tokens(network, TEXT, form, method)
    assert found.values.shape == (8,)
    assert np.isfinite(found.values).all()
    assert TOKEN_METHODS[method].is_signed or (found.values >= 0).all()
    assert "The answer is" in in_words(found, network.classes)
    assert all(torch.equal(before[name], value) for name, value in network.module.state_dict().items())
    assert all(parameter.grad is None for parameter in network.module.parameters())


def test_what_cannot_be_explained_is_told(encoder: Encoder) -> None:
    network, form = encoder
    with pytest.raises(TlvizError, match="no classes of its own"):
        attribute_tokens(Network(network.spec, network.module, network.stages, ()), TEXT, form, TokenMethod.SALIENCY)
    with pytest.raises(TlvizError, match="no version for a stage"):
        attribute_tokens(network, TEXT, form, TokenMethod.OCCLUSION, stage="block1")
    with pytest.raises(BadSettingError, match="class is number 7"):
        attribute_tokens(network, TEXT, form, TokenMethod.SALIENCY, target=7)
