"""Posters hold every pane."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tlviz.figures.poster import poster


def test_a_poster_has_every_pane() -> None:
    red, blue = (np.full((10, 20, 4), colour, np.uint8) for colour in ([255, 0, 0, 255], [0, 0, 255, 255]))
    sheet = Image.open(io.BytesIO(poster([("stem", "3 of 5", [red, blue])], ["before", "after"], "a zebra", 100)))
    colours = {colour for _, colour in sheet.getcolors(100_000)}
    assert {(255, 0, 0), (0, 0, 255), (255, 255, 255)} <= colours
    assert sheet.width > 200
