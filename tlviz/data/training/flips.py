"""Whether a mirrored picture still belongs to its class, guessed from names; the person has the last word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

_SETS = ("mnist", "svhn", "digit", "letter", "alphabet", "omniglot", "gtsrb", "glyph")
"""Words in the names of targets whose classes differ by shape and side; Fashion-MNIST is clothes."""
_SIDES = {"left", "right", "clockwise", "counterclockwise", "anticlockwise"}
_NUMBERS = "zero|one|two|three|four|five|six|seven|eight|nine"
_SIGN = re.compile(rf"((digit|number|letter|char|class)\s)?(\d|[a-z]|{_NUMBERS}|\d\s({_NUMBERS}))")
"""A class called like a digit or a letter: 7, 0 - zero, digit_7, letter B, seven."""


class Flip(StrEnum):
    """Whether training pictures are mirrored at times: as the target's names suggest, or as the person says."""

    AUTO = "auto"
    YES = "yes"
    NO = "no"

    def allows(self, suggested: bool) -> bool:
        """Return whether pictures may be mirrored."""
        return suggested if self is Flip.AUTO else self is Flip.YES


def suggest_may_flip(name: str, classes: Sequence[str]) -> bool:
    """Say no where a mirrored picture may change class: digits, letters, left and right; else yes."""
    lowered = name.lower()
    if any(word in lowered for word in _SETS) and "fashion" not in lowered:
        return False
    spoken = [_words(label) for label in classes]
    if any(_SIDES & set(words.split()) for words in spoken):
        return False
    signs = sum(_SIGN.fullmatch(words) is not None for words in spoken)
    return 2 * signs <= len(classes)


def _words(label: str) -> str:
    """Write a class as lower-case words: turnLeft, turn_left and turn-left are all 'turn left'."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", label)
    return " ".join(re.findall(r"[^\W_]+", spaced)).lower()
