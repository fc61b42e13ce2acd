"""Learned positions fit another picture size; the extra tokens and everything else stay."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tlviz.errors import BadSettingError
from tlviz.models.resize import fit_positions


class Positions(nn.Module):
    def __init__(self, **tensors: Tensor) -> None:
        super().__init__()
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)


def ramp(side: int) -> Tensor:
    """Positions (1, side * side, 1) that grow from left to right, measured at the middle of each cell."""
    return ((torch.arange(side) + 0.5) / side).repeat(side, 1).reshape(1, -1, 1)


def test_a_ramp_stays_a_ramp_and_the_class_token_stays_itself() -> None:
    weights = {"pos": torch.cat([torch.full((1, 1, 1), 9.0), ramp(8)], 1), "other": torch.ones(3)}
    fitted = fit_positions(weights, Positions(pos=torch.zeros(1, 1 + 16 * 16, 1), other=torch.zeros(3)))
    assert fitted["pos"][0, 0] == 9
    inner = fitted["pos"][0, 1:, 0].reshape(16, 16)[:, 3:-3]
    assert torch.allclose(inner, ramp(16).reshape(16, 16)[:, 3:-3], atol=2e-3)
    assert fitted["other"] is weights["other"]


@pytest.mark.parametrize("channels_last", [True, False])
def test_grids_of_positions(channels_last: bool) -> None:
    grid = ramp(8).reshape(1, 8, 8, 1) if channels_last else ramp(8).reshape(1, 1, 8, 8)
    target = torch.zeros(1, 4, 4, 1) if channels_last else torch.zeros(1, 1, 4, 4)
    fitted = fit_positions({"pos": grid}, Positions(pos=target))["pos"]
    assert fitted.shape == target.shape
    assert torch.allclose(fitted.flatten()[1:3], ramp(4).flatten()[1:3], atol=2e-2)


def test_tables_of_integers_are_the_modules_own() -> None:
    index = torch.arange(9).reshape(1, 9)
    assert torch.equal(fit_positions({"i": torch.zeros(1, 4, dtype=torch.long)}, Positions(i=index))["i"], index)


def test_positions_without_a_grid_are_refused_in_one_sentence() -> None:
    with pytest.raises(BadSettingError, match="another image size: the positions in 'pos' have no grid"):
        fit_positions({"pos": torch.zeros(1, 65, 2)}, Positions(pos=torch.zeros(1, 70, 2)))
