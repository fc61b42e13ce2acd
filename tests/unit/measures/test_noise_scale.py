"""Known answers of the gradient noise scale."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.noise_scale import gradient_noise_scale


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
