"""The values of a table's column that name its parts: one word each, stricter than the names of folders."""

from __future__ import annotations

import re
from collections.abc import Collection

from tlviz.data.sources.part_names import EITHER, PART_OF_WORD, TEST, TRAIN, VAL, plain

_ALSO = {"trn": TRAIN, "tr": TRAIN, "learn": TRAIN, "learning": TRAIN, "trainings": TRAIN, "trainval": TRAIN}
_ALSO |= {"vl": VAL, "te": TEST, "ts": TEST}
"""Words that mean a part as the value of a cell, but not within the name of a folder."""
_PART = PART_OF_WORD | _ALSO
_ENDINGS = (
    "dataset", "data", "set", "split", "part", "subset", "images", "image", "samples", "sample", "folder", "fold",
    "list", "phase", "集", "set",
)  # fmt: skip
_SIGNS = re.compile(r"[\W_]+")


def part_of(value: str) -> str | None:
    """Return the part that a value or a folder names, such as Training, TEST, val_set or holdout; None for another."""
    word = _word_of(value)
    return None if word is None else _PART[word]


def parts_of(values: Collection[str]) -> dict[str, str]:
    """Return {value: part} for those that name one; where something else validates, evaluation is the test."""
    words = {value: word for value in values if (word := _word_of(value))}
    found = {value: _PART[word] for value, word in words.items()}
    evaluation = [value for value, word in words.items() if word in EITHER]
    if any(part == VAL for value, part in found.items() if value not in evaluation):
        found |= dict.fromkeys(evaluation, TEST)
    return found


def _word_of(value: str) -> str | None:
    """Return the word for a part that a value is, endings such as set and data aside."""
    key = _SIGNS.sub("", plain(value))
    while key not in _PART:
        ending = next((ending for ending in _ENDINGS if key.endswith(ending) and len(key) > len(ending)), None)
        if ending is None:
            return None
        key = key.removesuffix(ending)
    return key
