"""How an imported network wants its pictures: the architecture's own way, or what a person or a file says instead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tlviz.errors import BadSettingError, quoted
from tlviz.models.spec import ModelSpec, Preprocessing, check_size

INTERPOLATIONS = ("bilinear", "bicubic", "nearest", "lanczos", "box", "hamming")
LARGEST_SIDE = 1024
"""No network of the libraries was trained on larger pictures, and training offers none."""
_LARGEST_CROP = 1.5
_STD = (1e-4, 100.0)
_Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says at an import; None, and '' for ``weights_key``, leave it to the file and the architecture.

    ``mean`` and ``std`` are for RGB in 0 to 1; ``transform_input`` whether torchvision's GoogLeNet or Inception
    rescaled its input in training.
    """

    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
    size: int | None = None
    interpolation: str | None = None
    crop_fraction: float | None = None
    transform_input: bool | None = None
    weights_key: str = ""


def prepare(base: ModelSpec, given: Given) -> Preprocessing:
    """Return an architecture's preprocessing with what a person says in its place.  Raises ``BadSettingError``."""
    own = base.pixels
    said = {
        "size": own.size if given.size is None else given.size,
        "interpolation": own.interpolation if given.interpolation is None else given.interpolation,
        "mean": own.mean if given.mean is None else given.mean,
        "std": own.std if given.std is None else given.std,
        "crop_fraction": own.crop_fraction if given.crop_fraction is None else given.crop_fraction,
    }
    found = check_preprocessing(said)
    if found.size != own.size:
        check_size(base, found.size)
    return found


def check_preprocessing(said: Mapping[str, Any]) -> Preprocessing:
    """Read preprocessing from what a person, a card or a header says.  Raises ``BadSettingError`` naming the value."""
    interpolation = said.get("interpolation")
    if not isinstance(interpolation, str) or interpolation.lower() not in INTERPOLATIONS:
        raise _bad("interpolation", interpolation, f"be one of {', '.join(INTERPOLATIONS)}")
    size = _number(said, "size", 1, LARGEST_SIDE)
    if size != int(size):
        raise _bad("size", size, "be a whole number of pixels")
    return Preprocessing(
        size=int(size),
        interpolation=interpolation.lower(),
        mean=_three(said, "mean", -1, 1),
        std=_three(said, "std", *_STD),
        crop_fraction=_number(said, "crop_fraction", 0.01, _LARGEST_CROP),
    )


def parse_three(name: str, text: str) -> _Three | None:
    """Read '0.5' or '0.485, 0.456, 0.406', None for nothing.  Raises ``BadSettingError``."""
    parts = text.replace(";", ",").replace("[", "").replace("]", "").replace("(", "").replace(")", "").strip()
    if not parts:
        return None
    try:
        numbers = [float(part) for part in parts.replace(",", " ").split()]
    except ValueError:
        raise _bad(name, text, "be one number, or three for red, green and blue, such as 0.485,0.456,0.406") from None
    return _three({name: numbers * 3 if len(numbers) == 1 else numbers}, name, *((-1, 1) if name == "mean" else _STD))


def assumed(base: ModelSpec, given: Given, found: Preprocessing) -> str:
    """Say which of the preprocessing nobody stated, and that it is the architecture's."""
    parts = {
        "mean": f"mean {_written(found.mean)}" if given.mean is None else "",
        "std": f"std {_written(found.std)}" if given.std is None else "",
        "size": f"{found.size} pixels" if given.size is None else "",
        "interpolation": found.interpolation if given.interpolation is None else "",
        "crop": f"crop {found.crop_fraction:.3g}" if given.crop_fraction is None else "",
    }
    left = [part for part in parts.values() if part]
    if not left:
        return ""
    return (
        f"Assumed, as for {base.name}: {', '.join(left)}; if it was trained with others, import it again with --mean, "
        "--std, --size, --interpolation or --crop."
    )


def _three(said: Mapping[str, Any], name: str, low: float, high: float) -> _Three:
    values = said.get(name)
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 3:
        raise _bad(name, values, "be three numbers, for red, green and blue")
    red, green, blue = (_number({name: value}, name, low, high) for value in values)
    return red, green, blue


def _number(said: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(name, value, "be a finite number")
    if isinstance(value, float) and not math.isfinite(value):
        raise _bad(name, value, "be a finite number")
    if not low <= value <= high:
        hint = "; for pictures of 0 to 255 divide it by 255" if name in ("mean", "std") and value > high else ""
        raise _bad(name, value, f"be {low:g} to {high:g}{hint}")
    return float(value)


def _bad(name: str, value: Any, must: str) -> BadSettingError:
    return BadSettingError(f"{name} is {_shown(value)}; it must {must}.")


def _shown(value: Any) -> str:
    """Write a value of any kind, cut where it is long; a whole number of thousands of digits is not even written."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**20:
        return "a number of over 20 digits"
    if not isinstance(value, str | int | float | None):
        return f"a {type(value).__name__}"
    return quoted(str(value)) if isinstance(value, str) else str(value)


def _written(values: _Three) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
