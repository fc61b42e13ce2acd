"""scikit-learn's handwritten digits, the target that needs no file."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlviz.data.pixels.ingest import Source
from tlviz.data.sources.catalogue import DatasetSpec
from tlviz.data.sources.target import Target


def digits_target(spec: DatasetSpec) -> Target:
    """Describe the 1,797 digits of 8 x 8 pixels."""
    from sklearn.datasets import load_digits  # takes over a second to import

    digits = load_digits()
    return Target(
        title=spec.title,
        where=spec.title,
        classes=spec.classes,
        sources=tuple(
            Source(f"digit {at}", f"sklearn-digits|{at}", partial(_digit_picture, values))
            for at, values in enumerate(digits.images)
        ),
        names=tuple(f"{label}/digit {at:04d}" for at, label in enumerate(digits.target)),
        labels=digits.target.astype(np.int64),
        parts=("",) * len(digits.target),
        problems=(),
        may_flip=spec.may_flip,
    )


def _digit_picture(values: NDArray[np.float64]) -> tuple[Image.Image, None]:
    """Turn an 8 x 8 digit with values 0 to 16 into a picture, ink bright on black."""
    return Image.fromarray(np.round(values * 255 / 16).astype(np.uint8)).convert("RGB"), None
