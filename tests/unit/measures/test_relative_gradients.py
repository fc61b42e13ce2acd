"""Relative gradients by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tlviz.measures.relative_gradients import relative_gradients, relative_norm


def test_relative_norms_by_hand_and_by_scale() -> None:
    weights = [torch.tensor([[3.0, 0.0]]), torch.tensor([4.0])]
    gradients = [torch.tensor([[0.0, 0.6]]), torch.tensor([0.8])]
    assert relative_norm(gradients, weights) == pytest.approx(0.2)
    assert relative_norm(gradients, [10 * weight for weight in weights]) == pytest.approx(0.02)
    assert relative_norm([], []) == 0


def test_relative_gradients_by_hand() -> None:
    """The mean of gradient over weight: (4 / 2 + 8 / 2) / 2 = 3 in one stage, (1 / 4 + 5 / 4) / 2 = 0.75 in another."""
    one, other, flat = torch.full((1, 1), 2.0), torch.full((1, 1), 4.0), torch.ones(3)
    dead, unused = torch.zeros(2, 2), torch.ones(2, 2)
    one.requires_grad_(True)
    stages = [[one, flat], [other, dead], [flat, dead], [unused]]

    def losses() -> Iterator[torch.Tensor]:
        assert [tensor.requires_grad for tensor in (one, other, flat, dead, unused)] == [True, True, False, False, True]
        for first, second in ((4, 1), (8, 5)):
            yield (first * one + second * other + flat.sum() + dead.sum()).sum()

    assert relative_gradients(stages, losses()) == pytest.approx([1, 0.25, 0, 0])
    assert [tensor.requires_grad for tensor in (one, other, flat, dead, unused)] == [True, False, False, False, False]
    assert relative_gradients([[flat], [dead]], []) == [1, 1], "none pulls harder than another"


def test_parameters_stay_frozen_where_a_loss_fails() -> None:
    frozen = torch.ones(2, 2)

    def losses() -> Iterator[torch.Tensor]:
        yield frozen.sum()
        raise KeyError

    with pytest.raises(KeyError):
        relative_gradients([[frozen]], losses())
    assert not frozen.requires_grad
