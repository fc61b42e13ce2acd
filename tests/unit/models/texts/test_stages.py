"""Encoders of every kind: stages, splitting and padding."""

from __future__ import annotations

import pytest
import torch

from tests.encoders import KINDS, save_encoder
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target
from tlviz.models.media import side_of

TEXTS = torch.tensor([[2, 5, 7, 8, 3, 0, 0, 0], [2, 6, 7, 8, 11, 9, 14, 3]])


USUAL = ("bert", "distilbert", "deberta-v2")
"""The others go the same ways through the code; they are tried where slow tests are."""


@pytest.fixture(
    scope="module", params=[pytest.param(kind, marks=() if kind in USUAL else pytest.mark.slow) for kind in KINDS]
)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Network:
    folder = save_encoder(tmp_path_factory.mktemp("encoder") / request.param, request.param)
    found = build_for_target(find_model(str(folder)), ("bad", "good"), pretrained=True, seed=0)
    with torch.no_grad():  # a new head answers with thousandths; here answers are to differ
        for parameter in found.module.parameters():
            parameter.add_(
                0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
            )
    return found


def test_stages_are_embeddings_blocks_and_head(network: Network) -> None:
    assert [stage.name for stage in network.stages] == ["embeddings", "block1", "block2", "block3", "head"]
    assert sum(stage.parameters for stage in network.stages) == sum(p.numel() for p in network.module.parameters())
    assert network.stages[-1].channels == 2


def test_padding_changes_no_answer(network: Network) -> None:
    with torch.no_grad():
        both, alone = network.module(TEXTS), network.module(TEXTS[:1, :5])
    assert (both[:1] - alone).abs().max() <= 1e-5


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_split_network_answers_as_the_whole(network: Network, depth: int) -> None:
    halves = side_of(network.spec).cut(network.module, network.stages, depth)
    with torch.no_grad():
        whole, crossing = network.module(TEXTS), halves.prefix(TEXTS)
        assert crossing.shape[:2] == TEXTS.shape
        assert torch.equal(crossing[..., -1], (TEXTS != 0).float())
        assert torch.allclose(halves.tail(crossing), whole, atol=1e-5)
    assert whole.std() > 1e-3
