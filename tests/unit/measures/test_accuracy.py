"""Known answers of accuracy and its standard error."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tlviz.measures.accuracy import accuracy, standard_error


def test_accuracy_by_hand() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 2.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 0])) == 0.5


def test_standard_error_by_hand_and_by_simulation() -> None:
    assert standard_error(0.5, 100) == 0.05
    assert standard_error(1.0, 7) == 0
    drawn = np.random.default_rng(0).binomial(200, 0.8, 20_000) / 200
    assert standard_error(0.8, 200) == pytest.approx(drawn.std(), rel=0.02)
    with pytest.raises(ValueError, match="at least one image"):
        standard_error(0.5, 0)
