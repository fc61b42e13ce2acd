"""Samples are decoded with what was left out told, and a pass without numbers is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tlviz.data.images import ImageSet
from tlviz.data.sample import sample_target
from tlviz.diagnose.passes import pretrained_pass, read_sample
from tlviz.diagnose.request import make_request
from tlviz.errors import TlvizError
from tlviz.models.load import Network


def test_every_class_of_a_small_folder_is_looked_at_and_unreadable_pictures_are_told(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name in "abcd":
        (tmp_path / name).mkdir()
        for at in range(6):
            Image.fromarray(generator.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(tmp_path / name / f"{at}.png")
    (tmp_path / "a" / "0.png").write_bytes(b"half")
    for at in range(2):
        (tmp_path / "b" / f"{at}.png").write_bytes(b"half")
    request = make_request("squeezenet1_1", str(tmp_path), image_size=64)
    sample = read_sample(request, *sample_target(str(tmp_path), request.limit))
    assert np.bincount(sample.labels).tolist() == [5, 0, 6, 6]
    assert sample.notes == ("3 pictures could not be opened.", "Left out for having fewer than 5 images: b.")


def test_a_network_is_asked_for_once(tiny: Network, colours: ImageSet) -> None:
    asked: list[int] = []

    def network() -> Network:
        asked.append(1)
        return tiny

    first, again = (pretrained_pass(network, "tiny", colours.pixels, seed=0) for _ in range(2))
    assert len(asked) == 1
    assert again.shifts == first.shifts
    pretrained_pass(network, "tiny", colours.pixels, seed=1)
    assert len(asked) == 2, "the seed decides the halves of the shifts"


def test_numbers_that_are_not_finite_are_told_by_their_stage(tiny: Network, colours: ImageSet) -> None:
    with torch.no_grad():
        tiny.module.block1[0].weight[0] = torch.nan
    with pytest.raises(TlvizError, match="The network gives values at block1 that are not finite"):
        pretrained_pass(lambda: tiny, "broken", colours.pixels, seed=0)
