"""How noisy gradients are, as the batch size beyond which a larger batch stops helping much."""

from __future__ import annotations


def gradient_noise_scale(mean_square: float, square_of_mean: float, steps: int, batch_size: float) -> float | None:
    """Return the simple noise scale tr(Sigma) / |G|^2 in images, or None where the noise hides the gradient.

    McCandlish et al. 2018 (https://arxiv.org/abs/1812.06162), appendix A.1, with the batches of an epoch as the small
    batch and all of them together as the large one: ``mean_square`` is the mean of |g|^2 over ``steps`` batches of
    ``batch_size`` images, ``square_of_mean`` is |mean of g|^2.  Weights move meanwhile, so it is an epoch's average.
    """
    if steps < 2:
        return None
    noise = (mean_square - square_of_mean) * steps / (steps - 1) * batch_size
    signal = (steps * square_of_mean - mean_square) / (steps - 1)
    return noise / signal if signal > 0 else None
