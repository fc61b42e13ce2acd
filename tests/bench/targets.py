"""Ten small targets, from near the source to far from it, as folders with one sub-folder a class.

Three ship; four are made of those (few labels, blurred, recoloured, halves swapped); gratings and shapes are drawn;
patches are cut from the two photographs that scikit-learn ships.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from sklearn.datasets import load_digits, load_sample_images

from tlviz.home import ASSETS

PER_CLASS = 36
"""Pictures of a class: enough to see five points, few enough that a sweep of every depth ends."""
SIDE = 96
Picture = tuple[str, Image.Image]


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target of the benchmark: how its pictures are made, and how many labels a class may train."""

    name: str
    pictures: Callable[[], Iterator[Picture]]
    labels_per_class: int | None = None


def write_target(spec: TargetSpec, folder: Path) -> Path:
    """Write a target's pictures below ``folder``, unless they are there, and return its own folder."""
    path = folder / spec.name
    if not path.exists():
        for number, (label, image) in enumerate(spec.pictures()):
            (path / label).mkdir(parents=True, exist_ok=True)
            image.convert("RGB").save(path / label / f"{number:04}.png")
    return path


def _bundled(name: str, change: Callable[[Image.Image], Image.Image] = lambda image: image) -> Iterator[Picture]:
    for folder in sorted((ASSETS / "datasets" / name).iterdir()):
        files = sorted(folder.iterdir())
        for at in np.linspace(0, len(files) - 1, min(PER_CLASS, len(files))).round().astype(int):
            with Image.open(files[at]) as image:
                yield folder.name, change(_on_white(image))


def _on_white(image: Image.Image) -> Image.Image:
    opaque = Image.new("RGBA", image.size, "white")
    opaque.alpha_composite(image.convert("RGBA"))
    return opaque.convert("RGB")


def _blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(0.03 * max(image.size)))


def _recoloured(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge("RGB", (blue, red, green)).point(lambda value: 255 - value)


def _halves_swapped(image: Image.Image) -> Image.Image:
    pixels = np.asarray(image)
    return Image.fromarray(np.roll(pixels, (pixels.shape[0] // 2, pixels.shape[1] // 2), (0, 1)))


def _digits() -> Iterator[Picture]:
    data = load_digits()
    for label in range(10):
        for pixels in data.images[data.target == label][:PER_CLASS]:
            yield str(label), Image.fromarray((255 - pixels * 255 / 16).astype(np.uint8)).resize((SIDE, SIDE))


def _gratings() -> Iterator[Picture]:
    """Yield stripes in six directions, of random width, phase, contrast and noise."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    for direction in range(6):
        for _ in range(PER_CLASS):
            angle = np.pi * (direction + generator.uniform(-0.2, 0.2)) / 6
            wave = np.sin(
                2 * np.pi * generator.uniform(4, 12) * (x * np.cos(angle) + y * np.sin(angle)) + generator.uniform(0, 7)
            )
            grey = 128 + generator.uniform(20, 100) * wave + generator.normal(0, 30, wave.shape)
            yield f"direction{direction}", Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _shapes() -> Iterator[Picture]:
    """Yield five shapes of random size, place, turn and colours."""
    generator = np.random.default_rng(1)
    for name, corners in (("triangle", 3), ("square", 4), ("pentagon", 5), ("star", 10), ("circle", 60)):
        for _ in range(PER_CLASS):
            back, front = (tuple(int(c) for c in generator.integers(0, 256, 3)) for _ in range(2))
            radius = generator.uniform(0.15, 0.4) * SIDE
            centre = generator.uniform(radius, SIDE - radius, 2)
            angles = generator.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(corners) / corners
            reach = radius * np.where(np.arange(corners) % 2 & (name == "star"), 0.45, 1.0)
            image = Image.new("RGB", (SIDE, SIDE), back)
            points: NDArray[np.float64] = centre + reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
            ImageDraw.Draw(image).polygon([(float(px), float(py)) for px, py in points], fill=front)
            yield name, image


def _patches() -> Iterator[Picture]:
    """Yield patches of the upper and the lower half of two photographs: texture and colour decide."""
    generator = np.random.default_rng(2)
    for name, pixels in zip(("building", "flower"), load_sample_images().images, strict=True):
        half = pixels.shape[0] // 2
        for part, rows in (("upper", pixels[:half]), ("lower", pixels[half:])):
            for _ in range(PER_CLASS):
                side = int(generator.integers(40, 80))
                top, left = generator.integers(0, rows.shape[0] - side), generator.integers(0, rows.shape[1] - side)
                yield f"{name}_{part}", Image.fromarray(rows[top : top + side, left : left + side])


TARGETS = {
    spec.name: spec
    for spec in (
        TargetSpec("photos", lambda: _bundled("photos")),
        TargetSpec("clipart", lambda: _bundled("clipart")),
        TargetSpec("digits", _digits),
        TargetSpec("clipart_few_labels", lambda: _bundled("clipart"), labels_per_class=5),
        TargetSpec("photos_blurred", lambda: _bundled("photos", _blurred)),
        TargetSpec("clipart_recoloured", lambda: _bundled("clipart", _recoloured)),
        TargetSpec("photos_halves_swapped", lambda: _bundled("photos", _halves_swapped)),
        TargetSpec("gratings", _gratings),
        TargetSpec("shapes", _shapes),
        TargetSpec("patches", _patches),
    )
}
