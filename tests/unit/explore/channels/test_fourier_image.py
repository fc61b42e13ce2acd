"""The space in which pictures are drawn, and the small movements through which it is seen."""

from __future__ import annotations

import torch

from tlviz.explore.channels.fourier_image import PaintSpace, random_view


def test_a_picture_of_the_space_is_in_range_and_coarse_first() -> None:
    space = PaintSpace(64, seed=0)
    picture = space.picture().detach()
    assert picture.shape == (1, 3, 64, 64)
    assert 0 < float(picture.min()) < float(picture.max()) < 1
    spectrum = torch.fft.rfft2(picture[0, 0] - picture[0, 0].mean()).abs()
    assert spectrum[1:4, 1:4].mean() > 5 * spectrum[20:28, 20:28].mean()


def test_views_differ_and_keep_the_size() -> None:
    picture = PaintSpace(32, seed=0).picture().detach()
    generator = torch.Generator().manual_seed(0)
    first, second = random_view(picture, generator), random_view(picture, generator)
    assert first.shape == picture.shape
    assert not torch.equal(first, second)
    flat = torch.full((1, 3, 32, 32), 0.7)
    torch.testing.assert_close(random_view(flat, generator), flat)
