"""Known answers of the gradient noise scale, relative gradient norms and macro-F1."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from tlviz.measures.accuracy import macro_f1
from tlviz.measures.noise_scale import gradient_noise_scale
from tlviz.measures.relative_gradients import relative_gradients, relative_norm


def test_the_noise_scale_of_drawn_gradients_is_the_one_they_were_drawn_with() -> None:
    """Each image's gradient is G plus noise of variance 4 in 50 directions; |G| is 2: the scale is 200 / 4."""
    generator = np.random.default_rng(0)
    signal = np.zeros(50)
    signal[0] = 2
    batch_size, steps = 8, 4000
    gradients = signal + generator.normal(0, 2 / np.sqrt(batch_size), (steps, 50))
    scale = gradient_noise_scale(
        float((gradients**2).sum(1).mean()), float((gradients.mean(0) ** 2).sum()), steps, batch_size
    )
    assert scale == pytest.approx(50, rel=0.05)


def test_the_noise_scale_by_hand() -> None:
    """Two batches of 3 images with gradients 3 and 1: mean square 5, squared mean 4."""
    assert gradient_noise_scale(5, 4, 2, 3) == pytest.approx(3 * 2 / 3)
    assert gradient_noise_scale(5, 5, 2, 3) == 0, "equal gradients have no noise"
    assert gradient_noise_scale(5, 0, 2, 3) is None, "opposite gradients have no signal"
    assert gradient_noise_scale(5, 5, 1, 3) is None


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


def test_macro_f1_is_scikit_learns() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 6, generator=generator)
    logits[:, 4:] -= 100  # two classes that are never guessed, one of them without images
    labels = torch.randint(0, 5, (200,), generator=generator)
    expected = f1_score(labels, logits.argmax(1), average="macro", zero_division=0)
    assert macro_f1(logits, labels) == pytest.approx(expected)
    assert macro_f1(torch.eye(3), torch.arange(3)) == 1
