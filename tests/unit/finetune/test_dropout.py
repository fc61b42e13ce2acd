"""Quick dropout does what the library's does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tlviz.finetune.dropout import QuickDropout, quicken_dropout


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.8])
def test_the_right_share_is_zeroed_and_the_rest_scaled_up(probability: float) -> None:
    ones = torch.ones(100_000)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dropped = QuickDropout(probability)(ones)
    assert (dropped == 0).float().mean().item() == pytest.approx(probability, abs=0.005)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / (1 - probability)])


def test_gradients_pass_where_numbers_pass() -> None:
    inputs = torch.ones(1000, requires_grad=True)
    outputs = QuickDropout(0.5)(inputs)
    outputs.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.equal(inputs.grad, outputs)


def test_in_eval_mode_and_at_zero_nothing_happens() -> None:
    inputs = torch.randn(50)
    assert torch.equal(QuickDropout(0.5).eval()(inputs), inputs)
    assert torch.equal(QuickDropout(0.0)(inputs), inputs)


def test_only_the_librarys_plain_dropout_is_replaced() -> None:
    module = nn.Sequential(nn.Dropout(0.3), nn.Sequential(nn.Dropout(0.2), nn.Dropout2d(0.1)), nn.Linear(2, 2)).eval()
    names = list(module.state_dict())
    quicken_dropout(module)
    kinds = [(type(layer), layer.training) for layer in module.modules() if hasattr(layer, "p")]
    assert kinds == [(QuickDropout, False), (QuickDropout, False), (nn.Dropout2d, False)]
    assert [layer.p for layer in module.modules() if isinstance(layer, QuickDropout)] == [0.3, 0.2]
    assert list(module.state_dict()) == names
