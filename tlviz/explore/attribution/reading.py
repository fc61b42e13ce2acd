"""What a map says, in a sentence made of its numbers: what was answered, for which class it speaks, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.data.pixels.pictures import Pixels

Map = NDArray[np.float32]

SURE = 0.5
"""An answer below this probability is called unsure."""
MOST = 0.5
"""A place holds most of a map from this share of it."""
_RING = 8
"""The edge is the outer eighth on each side, 44 % of the picture; a map counts as lying there from ``_AT_EDGE``."""
_AT_EDGE = 0.6
_SPOT = 0.1
"""A map is a spot where half of it lies on at most this share of the picture."""
_PLAIN_BORDER, _LIKE_BORDER = 0.8, 24
"""A background is plain where this share of the outermost pixels is within so many grey levels of their median."""
_ON_THING = 0.7
_CHANGED = 1.25
_FLAT = 1.5
"""A spread map whose highest value is at most so many times its mean is strongest nowhere."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a network answered and what was asked of it; probabilities are 0 to 1.

    ``answered``: the best guess, "" for a network without class names; ``asked`` is the class explained, "" where the
    method knows no class, and ``asked_share`` None where it is not among the best guesses; ``against``: the class that
    it is contrasted with, or ""; ``truth``: the picture's class, "" where the network does not know it; ``label``: what
    the target calls it, or "".  ``is_sensitivity``: the map has no sign and says where changes matter, not which way.
    """

    answered: str
    share: float
    asked: str
    asked_share: float | None
    against: str = ""
    truth: str = ""
    label: str = ""
    is_sensitivity: bool = False


def map_in_words(said: Said, values: Map, pixels: Pixels) -> str:
    """Say what was answered and how surely, for which class the map (S, S) speaks, and where most of it lies."""
    answer = _answer_words(said)
    claim = _claim_words(said)
    return f"{answer}{claim}, {where_in_words(values, pixels)}."


def _answer_words(said: Said) -> str:
    if not said.answered:
        return ""
    unsure = ", but is not sure" if said.share < SURE else ""
    wrong = f", not {said.truth}" if said.truth and said.truth != said.answered else ""
    right = ", and rightly" if said.truth and not wrong and not unsure else ""
    about = f" to a picture of the class {said.label}" if said.label and not said.truth else ""
    return f"It answers {said.answered} ({_percent(said.share)}){about}{wrong}{right}{unsure}; "


def _claim_words(said: Said) -> str:
    start = "the" if said.answered else "The"
    if not said.answered:
        return f"{start} map shows what drives its features"
    if not said.asked:
        return f"{start} map shows what it attends to, whatever the class"
    against = f" rather than {said.against}" if said.against else ""
    if said.is_sensitivity:
        return f"{start} map shows where small changes would move the score of {said.asked}{against}"
    if said.asked == said.answered:
        return f"{start} map shows what speaks for {said.asked}{against}"
    chance = "not among its best guesses" if said.asked_share is None else f"given {_percent(said.asked_share)}"
    return f"{start} map shows what would speak for {said.asked}{against} ({chance})"


def where_in_words(values: Map, pixels: Pixels) -> str:
    """Say where most of what speaks for the class lies in the picture, as the end of a sentence."""
    mass = np.maximum(values, 0).astype(np.float64)
    total = float(mass.sum())
    if total <= 0:
        return "but nothing in it is above zero"
    background = plain_background(pixels, mass.shape)
    edge = 1 - float(_inside(mass).sum()) / total
    if background is not None:
        outside = float(mass[background].sum()) / total
        if outside >= MOST:
            at_edge = ", at the edge of the picture" if edge >= _AT_EDGE else ""
            return f"and most of it ({_percent(outside)}) lies on the plain background{at_edge}"
        if 1 - outside >= _ON_THING:
            return f"and most of it ({_percent(1 - outside)}) lies on what is shown, not on the plain background"
    if edge >= _AT_EDGE:
        return f"and most of it ({_percent(edge)}) lies at the edge of the picture"
    half = half_area(values)
    if half is not None and half <= _SPOT:
        return f"and half of it lies on {_percent(half)} of the picture, {_region(mass)}"
    spread = f"and it is spread: half of it covers {_percent(half or 0.0)} of the picture"
    if mass.max() <= _FLAT * mass.mean():
        return spread
    strong = _strongest(mass)
    ground = background is not None and float(strong[background].sum()) >= MOST * float(strong.sum())
    return f"{spread}, and it is strongest {_region(mass)}{', on the plain background' if ground else ''}"


def half_area(values: Map) -> float | None:
    """Return the smallest share of the picture that holds half of what is above zero, None where nothing is."""
    mass = np.sort(np.maximum(values, 0).astype(np.float64).ravel())[::-1]
    if mass.sum() <= 0:
        return None
    needed = int(np.searchsorted(np.cumsum(mass), mass.sum() / 2)) + 1
    return needed / mass.size


def sweep_in_words(first: tuple[str, Map], last: tuple[str, Map]) -> str:
    """Say whether a method's map gathers or spreads from an early stage, (name, map), to a late one."""
    early, late = half_area(first[1]), half_area(last[1])
    if early is None or late is None:
        empty = " and ".join(name for name, area in ((first[0], early), (last[0], late)) if area is None)
        return f"At {empty} nothing in the map is above zero."
    numbers = f"half of it lies on {_percent(early)} of the picture at {first[0]}, on {_percent(late)} at {last[0]}"
    if late * _CHANGED < early:
        return f"The map gathers: {numbers}."
    if late > early * _CHANGED:
        return f"The map spreads: {numbers}."
    return f"The map stays about as wide: {numbers}."


def plain_background(pixels: Pixels, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Return which positions of a grid have the colour of the picture's plain border, None where it is not plain."""
    rows = np.linspace(0, pixels.shape[0] - 1, shape[0]).round().astype(int)
    columns = np.linspace(0, pixels.shape[1] - 1, shape[1]).round().astype(int)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.int16)
    colour = np.median(border, axis=0)
    if (np.abs(border - colour).max(1) <= _LIKE_BORDER).mean() < _PLAIN_BORDER:
        return None
    alike: NDArray[np.bool_] = np.abs(pixels[np.ix_(rows, columns)].astype(np.int16) - colour).max(2) <= _LIKE_BORDER
    return alike if 0 < alike.mean() < 1 else None


def _inside(mass: NDArray[np.float64]) -> NDArray[np.float64]:
    down, across = (side // _RING for side in mass.shape)
    return mass[down : mass.shape[0] - down, across : mass.shape[1] - across]


def _strongest(mass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the strongest tenth of a map, zero elsewhere: what the eye sees first."""
    strong: NDArray[np.float64] = mass * (mass >= np.quantile(mass, 1 - _SPOT))
    return strong


def _region(mass: NDArray[np.float64]) -> str:
    """Name the ninth of the picture that holds most of the map's strongest tenth."""
    strong = _strongest(mass)
    cells = [[part.sum() for part in np.array_split(band, 3, axis=1)] for band in np.array_split(strong, 3, axis=0)]
    row, column = divmod(int(np.argmax(cells)), 3)
    down, across = ("at the top", "", "at the bottom")[row], ("left", "", "right")[column]
    if not down:
        return f"on the {across}" if across else "in the middle"
    return f"{down} {across}".strip()


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
