"""Attention rollout by hand."""

from __future__ import annotations

import pytest
import torch

from tlviz.explore.attribution.rollout import rolled


def test_layers_are_mixed_with_the_way_around_and_multiplied_from_the_last_to_the_first() -> None:
    first = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    second = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])
    after_first = [[0.5, 0.5], [0.0, 1.0]]
    assert rolled([first]).tolist() == after_first
    mixed_second = [[1.0, 0.0], [0.25, 0.75]]  # heads averaged: rows (1, 0) and (1/2, 1/2), mixed with the identity
    expected = torch.tensor(mixed_second) @ torch.tensor(after_first)
    assert torch.allclose(rolled([first, second]), expected)
    assert rolled([first, second]).sum(1).tolist() == pytest.approx([1, 1])
