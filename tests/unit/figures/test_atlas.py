"""The atlas has a row a stage, in its colour, with crops and drawings."""

from __future__ import annotations

import numpy as np

from tlviz.figures.atlas import CELL, AtlasCell, AtlasRow, compose_atlas
from tlviz.figures.theme import stage_colours


def test_the_atlas_has_a_row_a_stage_in_its_colour_and_shows_crops_and_drawings() -> None:
    crop, drawing = np.full((16, 16, 3), 10, np.uint8), np.full((128, 128, 3), 200, np.uint8)
    first = AtlasRow("stem", "64 channels", [AtlasCell("1", crop), AtlasCell("2", crop, drawing)])
    plain = AtlasRow("head", "a very long line of words that does not fit", [AtlasCell("a" * 90, crop)])
    sheet = compose_atlas("A network looks at a target", "how it was made", [first, plain], stage_colours(2))
    assert (sheet == 10).all(-1).sum() == 3 * CELL**2
    assert (sheet == 200).all(-1).sum() >= CELL**2
    for colour, count in zip(stage_colours(2), (2 * CELL, CELL), strict=True):
        rgb = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert (sheet == rgb).all(-1).sum() >= 6 * count
    assert (sheet[-8:] == 255).all()
    assert (sheet[:, -8:] == 255).all(), "nothing runs over the edge"
