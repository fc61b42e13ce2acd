"""Pictures that belong together, such as one patient's: by a pattern for their names, and where names suggest it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tlviz.errors import BadSettingError, quoted

_LONGEST = 500
GROUP_WORDS = (
    "patient", "pat", "subject", "subj", "sub", "person", "participant", "proband", "case", "lesion", "individual",
    "specimen", "slide", "study", "video", "vid", "clip", "seq", "sequence", "series", "scan", "session", "scene",
    "burst", "track", "animal", "donor", "user", "paciente", "volunteer",
)  # fmt: skip
"""Words that name, with a number, what pictures belong together by."""
_SINGLE = ("p", "pt", "s", "id")
"""Shorter marks of a group, which count with a number and where several pictures follow each."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A way to group pictures that names or a column suggest, and that nobody has chosen yet.

    ``option`` is the field of ``ReadAs`` that chooses it, ``value`` what to write there; ``groups`` (N) are the keys.
    """

    option: str
    value: str
    groups: tuple[str, ...]


def groups_by_pattern(names: Sequence[str], pattern: str) -> tuple[str, ...]:
    """Return what a regular expression finds in each name (N): its first group, else all it found; '' where nothing.

    Raises ``BadSettingError`` for what is no regular expression, or finds nothing in any name.
    """
    return by_pattern(names, pattern, "group pattern")


def by_pattern(names: Sequence[str], pattern: str, what: str) -> tuple[str, ...]:
    """Do what ``groups_by_pattern`` does; ``what`` is how its sentences call the pattern."""
    if len(pattern) > _LONGEST:
        raise BadSettingError(f"The {what} has {len(pattern):,} signs; {_LONGEST} at most are allowed.")
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadSettingError(f"The {what} {quoted(pattern)} is no regular expression: {error}.") from error
    found = [compiled.search(name) for name in names]
    keys = tuple(_key(match) if match else "" for match in found)
    if names and not any(keys):
        raise BadSettingError(
            f"The {what} {quoted(pattern)} finds nothing in any picture's name, such as {quoted(names[0])}."
        )
    return keys


def joined(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Return the groups (N) of what belongs together by either of two groupings; an empty one changes nothing."""
    if not one or not other:
        return tuple(one or other)
    leader: dict[tuple[int, str], tuple[int, str]] = {}

    def find(key: tuple[int, str]) -> tuple[int, str]:
        while leader.setdefault(key, key) != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for a, b in zip(one, other, strict=True):
        if a and b:
            leader[find((1, b))] = find((0, a))
    keys = [find((0, a)) if a else find((1, b)) if b else None for a, b in zip(one, other, strict=True)]
    return tuple(f"{key[0]}:{key[1]}" if key else "" for key in keys)


def group_hint(option: str, value: str, groups: Sequence[str]) -> Hint | None:
    """Return a grouping (N) as a hint where it is one: several groups, and pictures that share one."""
    counts = Counter(key for key in groups if key)
    shared = sum(count for count in counts.values() if count > 1)
    if len(counts) < 2 or shared * 4 < len(groups) or counts.total() * 2 < len(groups):
        return None
    return Hint(option, value, tuple(groups))


def hint_from_names(names: Sequence[str]) -> Hint | None:
    """Return the grouping that names suggest, such as patient012_03.png or IMG_p12_a.jpg, or None."""
    words = "|".join(sorted(GROUP_WORDS, key=len, reverse=True))
    strong = rf"(?i)(?:^|[^a-z])((?:{words})s?[ _.-]?\d+)"
    if hint := _suggested(names, strong, 0.5):
        return hint
    return _suggested(names, rf"(?:^|[/_. -])((?i:{'|'.join(_SINGLE)})\d+)(?=[_. -][^/]*$)", 0.8)


def _suggested(names: Sequence[str], pattern: str, least: float) -> Hint | None:
    matches = [re.search(pattern, name) for name in names]
    found = [match[1] for match in matches if match]
    if len(found) < 4 or len(found) < least * len(names):
        return None
    marks = Counter(re.split(r"[\d _.-]", text)[0].casefold() for text in found)
    mark = marks.most_common(1)[0][0]
    simple = rf"(?i)(?<![a-z])({mark}[ _.-]?\d+)"
    hint = group_hint("group_pattern", simple, groups_by_pattern(names, simple))
    return hint if hint and len(set(hint.groups) - {""}) >= 2 else None


def _key(match: re.Match[str]) -> str:
    return (match[1] if match.re.groups else match[0]) or ""
