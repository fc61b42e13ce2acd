"""Classes in the names of files, such as cat.0.jpg and dog.12.jpg: found where the names agree, or by a pattern."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from tlviz.data.sources.groups import GROUP_WORDS, by_pattern
from tlviz.data.sources.part_names import TRAIN, is_filler, part_name, plain

_PIECES = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"(\d*)([^\W\d_]+)(\d*)")
_WORDNET = re.compile(r"n\d{8}")
_NO_CLASS = frozenset((
    "am", "apr", "at", "aug", "augmented", "back", "big", "bottom", "burst", "cam", "camera", "capture",
    "captured", "cell", "cimg", "copy", "crop", "cropped", "cxr", "dec", "dji", "down", "download", "downloaded",
    "dsc", "dscf", "dsci", "dscn", "edit", "edited", "fb", "feb", "fig", "figure", "file", "flip", "flipped",
    "frame", "front", "google", "gopr", "gx", "hdr", "id", "idx", "im", "imag", "img", "imgp", "index", "isic",
    "item", "jan", "jul", "jun", "left", "mar", "may", "medium", "mg", "mov", "mvc", "mvimg", "no", "noname",
    "nov", "nr", "num", "number", "object", "oct", "old", "orig", "p", "page", "pano", "patch", "pict", "pm",
    "portrait", "pxl", "right", "roi", "rot", "rotate", "rotated", "scan", "scanned", "screen", "screenshot",
    "sep", "seq", "shot", "side", "signal", "slide", "snapshot", "telegram", "thumb", "thumbnail", "tile", "top",
    "unknown", "unnamed", "untitled", "up", "vid", "view", "wa", "webcam", "whatsapp",
))  # fmt: skip
"""Words of cameras, programs and copies that name no class."""
_LABEL_WORDS = frozenset({"class", "klasse", "classe", "clase", "cls", "label", "category", "type", "grade", "stage"})
"""Words before a number that make it the class: class1_0001."""
_CLASSED, _REPEATED = 0.8, 0.9
"""Shares of the pictures that must have a class, and of those whose class must come twice or more."""

Runs = Sequence[str]


def classes_in_names(stems: Sequence[str]) -> list[str]:
    """Return the class that each name (N) begins with, or else ends with, '' for none.

    All are '' unless most names have a class, two classes or more, and most classes come several times.
    """
    runs = [_runs(stem) for stem in stems]
    readings: tuple[Callable[[Runs], str], ...] = (
        lambda found: found[0],
        lambda found: _words(found[0])[0],
        lambda found: found[-1],
        lambda found: _words(found[-1])[-1],
    )
    for read in readings:
        classes = [read(found) if found else "" for found in runs]
        if _are_classes(classes):
            return classes
    return [""] * len(stems)


def classes_by_pattern(names: Sequence[str], pattern: str) -> list[str]:
    """Return what a regular expression finds in each name (N): its first group, else all it found; '' where nothing.

    Raises ``BadSettingError`` for what is no regular expression, or finds nothing in any name.
    """
    return [found.strip() for found in by_pattern(names, pattern, "class pattern")]


def known_class(stem: str, known: Collection[str]) -> str:
    """Return the one class of training that stands in the name of another part's picture, '' for none or several."""
    met = [one for one in known if re.search(rf"(?<![^\W\d_]){re.escape(one)}(?![^\W\d_])", stem)]
    longest = max(met, key=len, default="")
    return longest if all(one in longest for one in met) else ""


def parts_in_names(stems: Sequence[str]) -> list[str]:
    """Return the part that a word of each name (N) says, as in train_cat_1 and cat_2_test.

    Where only some say one, the others train; all are '' where none names another part than training.
    """
    parts = []
    for stem in stems:
        named = [part_name(piece) for piece in _PIECES.findall(stem)]
        said = {one.part for one in named if one and not one.rest}
        parts.append(said.pop() if len(said) == 1 else "")
    return [part or TRAIN for part in parts] if set(parts) - {TRAIN, ""} else [""] * len(stems)


def _are_classes(classes: Sequence[str]) -> bool:
    counts = Counter(classes)
    without = counts.pop("", 0)
    several = sum(count for count in counts.values() if count > 1)
    return (
        len(counts) > 1
        and counts.total() >= _CLASSED * (counts.total() + without)
        and several >= _REPEATED * counts.total()
        and 2 * len(counts) <= counts.total()
    )


def _runs(stem: str) -> list[str]:
    """Return the runs of words between numbers, as they are written, without words that name no class around them."""
    runs: list[list[tuple[str, int, int]]] = [[]]
    pieces = list(_PIECES.finditer(stem))
    numbered = False
    for at, piece in enumerate(pieces):
        if numbered:  # the number of class 1, of person 12
            numbered = False
            continue
        follows = pieces[at + 1][0] if at + 1 < len(pieces) else ""
        word = _LETTERS.fullmatch(piece[0])
        if _WORDNET.fullmatch(piece[0]):
            runs.append([(piece[0], *piece.span())])
            runs.append([])
        elif word is None or (len(word[2]) == 1 and (word[1] or word[3])):
            runs.append([])
        elif plain(word[2]) in _LABEL_WORDS and (word[3] or follows.isdecimal()):
            numbered = not word[3]
            end = piece.end() if word[3] else pieces[at + 1].end()
            runs.append([(stem[piece.start() : end], piece.start(), end)])
            runs.append([])
        elif plain(word[2]) in GROUP_WORDS and (word[3] or follows.isdecimal()):
            numbered = not word[3]
            runs.append([])
        else:
            runs += [[]] if word[1] else []
            runs[-1].append((word[2], piece.start() + len(word[1]), piece.start() + len(word[1]) + len(word[2])))
            runs += [[]] if word[3] else []
    trimmed = [_trimmed(run) for run in runs]
    return [stem[run[0][1] : run[-1][2]] for run in trimmed if run]


def _trimmed(run: Sequence[tuple[str, int, int]]) -> Sequence[tuple[str, int, int]]:
    start, end = 0, len(run)
    while start < end and _says_nothing(run[start][0]):
        start += 1
    while end > start and _says_nothing(run[end - 1][0]):
        end -= 1
    return run[start:end]


def _says_nothing(word: str) -> bool:
    folded = plain(word)
    named = part_name(word)
    return folded in _NO_CLASS or is_filler(folded) or (named is not None and not named.rest)


def _words(run: str) -> list[str]:
    return _PIECES.findall(run)
