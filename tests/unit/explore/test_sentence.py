"""A sentence inside an encoder: its words, attention that adds up to one, entropy with known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.encoders import save_encoder
from tlviz.data.texts.source import TextForm
from tlviz.errors import TlvizError
from tlviz.explore.sentence import entropy_bits, look_at_sentence, read_sentence
from tlviz.modality import form_of
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target
from tlviz.models.stages import named_stage_parameters


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, TextForm]:
    folder: Path = save_encoder(tmp_path_factory.mktemp("bert"), "bert")
    spec = find_model(str(folder))
    form = form_of(spec)
    assert isinstance(form, TextForm)
    network = build_for_target(spec, ("bad", "good"), pretrained=False, seed=0)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():  # a new head answers with thousandths
        for _, parameter in named_stage_parameters(network.module, network.stages[-1]):
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return network, form


def test_words_are_taken_out_and_special_tokens_stay(encoder: tuple[Network, TextForm]) -> None:
    sentence = read_sentence("a good film", encoder[1])
    assert sentence.tokens == ("[CLS]", "a", "good", "film", "[SEP]")
    assert sentence.word_of.tolist() == [-1, 0, 1, 2, -1]
    assert (sentence.words, sentence.whole, sentence.blank_word) == (3, 5, "[MASK]")
    assert sentence.without([1]).tolist() == [2, 5, 4, 7, 3]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_text_without_a_word_is_refused(encoder: tuple[Network, TextForm], text: str) -> None:
    with pytest.raises(TlvizError, match="no word in this text"):
        read_sentence(text, encoder[1])


def test_tokens_relate_at_every_stage(encoder: tuple[Network, TextForm]) -> None:
    network, form = encoder
    before = network.module.config._attn_implementation
    seen = look_at_sentence(network, "a very good film", form)
    assert list(seen.similarity) == [stage.name for stage in network.stages[:-1]]
    assert list(seen.attention) == ["block1", "block2", "block3"]
    for name, square in seen.similarity.items():
        np.testing.assert_allclose(np.diag(square), 1, atol=1e-5, err_msg=name)
    for attention in seen.attention.values():
        assert attention.shape == (2, 6, 6)
        np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)
    assert network.module.config._attn_implementation == before
    assert not any(layer._forward_hooks for layer in network.module.modules())


def test_entropy_is_none_where_one_is_looked_at_and_two_bits_where_four_are_alike() -> None:
    attention = np.stack([np.eye(4), np.full((4, 4), 0.25)]).astype(np.float32)
    np.testing.assert_allclose(entropy_bits(attention), [0, 2], atol=1e-6)
