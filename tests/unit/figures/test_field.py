"""Receptive fields drawn on a picture."""

from __future__ import annotations

import numpy as np

from tlviz.explore.maps.receptive_field import Field, FieldBox
from tlviz.figures.field import draw_field


def test_a_field_is_faded_outside_and_framed() -> None:
    heat = np.zeros((8, 8), np.float32)
    heat[3, 3] = 1
    drawn = draw_field(np.full((8, 8, 3), 250, np.uint8), Field(FieldBox(2, 2, 6, 6), heat, 0.01), enlarge=4)
    assert drawn.shape == (32, 32, 3)
    assert drawn[8, 8].tolist() == [255, 45, 149]
    assert (drawn[0, 0] < 180).all()
    assert (drawn[18, 18] == 250).all()
    assert draw_field(np.zeros((8, 8, 3), np.uint8), Field(None, heat * 0, 0.0)).shape == (16, 16, 3)
