"""scikit-learn's digits as a target."""

from __future__ import annotations

import numpy as np

from tlviz.data.images import load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit


def test_digits_are_bright_on_black_and_labelled() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = load_images("digits", Geometry(8, Fit.PAD, "nearest", 1.0))
    assert images.labels.tolist() == digits.target.tolist()
    assert np.array_equal(images.pixels[..., 0], np.round(digits.images * 255 / 16))
    assert (images.pixels == images.pixels[..., :1]).all()
    assert images.names[0] == "0/digit 0000"
