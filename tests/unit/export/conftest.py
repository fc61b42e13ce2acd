"""What the tests of exports share: a run on pictures that are told apart by their colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlviz.export.bundle import bundle_bytes
from tlviz.finetune.config import configure
from tlviz.models.catalogue import MODELS
from tlviz.models.load import build_for_target
from tlviz.runs.store.folder import RunFolder, create_run


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Return a run on shades of red and blue, of 24 pictures a class."""
    for at, name in enumerate(("blue", "red")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(24):
            pixels = np.random.default_rng(number).integers(0, 40, (64, 64, 3), dtype=np.uint8)
            pixels[..., 0 if at else 2] += 150
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    settings = configure("squeezenet1_1", str(tmp_path / "data"), "head_only", image_size=64)
    network = build_for_target(MODELS["squeezenet1_1"], ("blue", "red"), pretrained=True, seed=0, size=64)
    made = create_run("finetune", "x", settings.to_json())
    made.weights.write_bytes(bundle_bytes(network, settings, {"epoch": 1, "val_accuracy": 0.5}))
    return made
