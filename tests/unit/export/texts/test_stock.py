"""The library's own networks give the run's logits, also where its head gets the mean over the tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.unit.export.texts.encoder_content import trained
from tlviz.export.files.content import CannotExportError
from tlviz.export.texts.stock import Answering, stock_encoder

TOKENS = torch.tensor([[2, 6, 7, 8, 9, 3], [2, 13, 3, 0, 0, 0]])


def tokens_for(pad: int) -> torch.Tensor:
    return torch.where(TOKENS == 0, pad, TOKENS)


@pytest.mark.parametrize(
    ("kind", "mean"), [("bert", False), ("bert", True), ("roberta", True), ("electra", True), ("distilbert", False)]
)
def test_the_librarys_network_answers_as_the_run(tmp_path: Path, kind: str, mean: bool) -> None:
    network = trained(tmp_path / "encoder", kind, mean=mean)
    stock = stock_encoder(network)
    tokens = tokens_for(network.spec.tokens.pad)
    with torch.no_grad():
        found, own = Answering(stock, network.spec.tokens.pad)(tokens), network.module(tokens)
    assert torch.allclose(found, own, atol=2e-5)
    assert stock.config.num_hidden_layers == network.module.config.num_hidden_layers + mean
    assert stock.config.id2label == {0: "bad", 1: "góod “x”"}


def test_an_encoder_of_another_build_is_refused_where_its_mean_would_be_needed(tmp_path: Path) -> None:
    with pytest.raises(CannotExportError, match="distilbert does not give, and its blocks are not of BERT's build"):
        stock_encoder(trained(tmp_path / "encoder", "distilbert", mean=True))
