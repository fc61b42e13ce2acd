"""Pictures of our own making that differ from one another as photographs do: shades, textures, shapes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw


def paint(seed: int, width: int = 96, height: int = 80) -> Image.Image:
    """Return a picture with a cloudy background, noise at a scale of its own, and three to eight shapes."""
    generator = np.random.default_rng(seed)
    cells = int(generator.integers(3, 9))
    coarse = generator.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(generator.integers(3, 9)):
        x, y = generator.uniform(-0.1, 0.8, 2) * (width, height)
        w, h = generator.uniform(0.1, 0.5, 2) * (width, height)
        colour = tuple(int(c) for c in generator.integers(0, 256, 3))
        shape = draw.ellipse if generator.random() < 0.5 else draw.rectangle
        shape((x, y, x + w, y + h), fill=colour)
    grain = generator.normal(0, generator.uniform(2, 14), (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
