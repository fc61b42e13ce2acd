"""The program that the export page shows runs as it stands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.export.test_bundle import trained
from tlviz.export.bundle import bundle_bytes
from tlviz.finetune.config import configure


@pytest.mark.parametrize(("name", "fit"), [("squeezenet1_1", "pad"), ("tf_efficientnet_lite0", "crop")])
def test_the_shown_snippet_runs_as_it_stands(name: str, fit: str, tmp_path: Path) -> None:
    """The program that the export page shows prints the class and probability that tlviz itself computes."""
    import subprocess
    import sys

    from tlviz.data.pixels.pictures import Fit, fit_picture, open_picture
    from tlviz.explore.maps.feature_maps import extract_feature_maps
    from tlviz.export.snippet import loading_snippet
    from tlviz.home import ASSETS

    network = trained(name)
    settings = configure(name, "photos", "full", image_size=96, fit=Fit(fit))
    (tmp_path / "my.safetensors").write_bytes(bundle_bytes(network, settings, {}))
    picture = ASSETS / "datasets" / "photos" / "mammal" / "zebra.jpg"
    (tmp_path / "picture.jpg").write_bytes(picture.read_bytes())
    prep = network.spec.preprocessing
    pixels = fit_picture(open_picture(picture)[0], 96, Fit(fit), prep.interpolation, prep.crop_fraction)
    expected = extract_feature_maps(network, np.asarray(pixels)).guesses[0]
    # Beside a CPU-only torch plain torchvision needs the same names that tlviz declares.
    program = "from tlviz import vision; vision.timm()\n" + loading_snippet(network.spec, "my.safetensors")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ASSETS.parent), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said, probability = done.stdout.split()
    assert said == expected.name
    assert float(probability) == pytest.approx(expected.probability, abs=1e-4)
