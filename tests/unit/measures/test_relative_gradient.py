"""Relative gradient norms by hand."""

from __future__ import annotations

import pytest
import torch

from tlviz.measures.relative_gradient import relative_norm, relative_shares


def test_relative_norms_by_hand_and_by_scale() -> None:
    weights = [torch.tensor([[3.0, 0.0]]), torch.tensor([4.0])]
    gradients = [torch.tensor([[0.0, 0.6]]), torch.tensor([0.8])]
    assert relative_norm(gradients, weights) == pytest.approx(0.2)
    assert relative_norm(gradients, [10 * weight for weight in weights]) == pytest.approx(0.02)
    assert relative_norm([], []) == 0
    assert relative_shares([0.2, 0.4, 0.1]) == pytest.approx([0.5, 1, 0.25])
    assert relative_shares([0, 0]) == [1, 1]
