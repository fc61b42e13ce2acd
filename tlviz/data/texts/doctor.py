"""The doctor of text targets: what is empty, doubled, contradictory, cut off or wrongly read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.data.doctor.findings import Finding, Kind, Report, Severity, worst_first
from tlviz.data.sources.target import Target
from tlviz.data.texts.duplicates import group_copies, words_in
from tlviz.data.texts.source import TextForm, TextSource, encode

_TOFU = "�"
_MISREAD = ("Ã©", "Ã¨", "Ã¼", "Ã¶", "Ã¤", "â€™", "â€œ", "Ã±", "Ã§", "Â ", "ï»¿")
"""What UTF-8 looks like that was read as Western European."""
_KEPT = "kept; leave it out with: tlviz datasets exclude"
_NAMED = 5
_FEW = 5
"""Classes with fewer texts can hardly be learned."""


def check_texts(target: Target, form: TextForm | None) -> Report:
    """Return the findings on a text target; ``form`` says how an encoder reads it, None leaves the limit out."""
    texts = [source.text for source in target.sources if isinstance(source, TextSource)]
    groups = group_copies([words_in(text) for text in texts])
    findings = [
        *_left_out(target),
        *_encodings(target, texts),
        *_copies(target, texts, groups),
        *_classes(target),
        *(_cut(target, texts, form) if form is not None else ()),
    ]
    named: dict[int, list[str]] = defaultdict(list)
    for name, group in zip(target.names, groups.tolist(), strict=True):
        named[group].append(name)
    copies = tuple(tuple(names) for names in named.values() if len(names) > 1)
    return Report(target.identity, target.classes, len(texts), worst_first(findings), copies)


def _left_out(target: Target) -> Iterator[Finding]:
    for one in target.left_out:
        yield Finding(one.path, Kind.UNREADABLE, one.reason, "left out", Severity.WARNING)
    listed = {one.path for one in target.left_out}
    for problem in target.problems:
        if problem.path not in listed:
            yield Finding(problem.path, Kind.OUTSIDE, problem.problem, problem.action, Severity.NOTE)


def _encodings(target: Target, texts: Sequence[str]) -> Iterator[Finding]:
    for source, name, text in zip(target.sources, target.names, texts, strict=True):
        if _TOFU in text or "\0" in text:
            words = "signs in it could not be read; the file has another encoding than it seems"
        elif any(sign in text for sign in _MISREAD):
            words = "it looks like UTF-8 that was read as Western European, such as Ã© for é"
        else:
            continue
        yield Finding(source.name, Kind.WRONG_NAME, words, "kept; save the file again as UTF-8", Severity.WARNING, name)


def _copies(target: Target, texts: Sequence[str], groups: NDArray[np.int64]) -> Iterator[Finding]:
    members: dict[int, list[int]] = defaultdict(list)
    for at, group in enumerate(groups.tolist()):
        members[group].append(at)
    for number, rows in enumerate(rows for rows in members.values() if len(rows) > 1):
        names = tuple(target.names[at] for at in rows)
        first = target.sources[rows[0]].name
        is_same = len({words_in(texts[at]) for at in rows}) == 1
        what = "copies" if is_same else "near-copies"
        listed = f"{', '.join(names[:_NAMED])}{f' and {len(names) - _NAMED} more' if len(names) > _NAMED else ''}"
        labels = {target.classes[target.labels[at]] for at in rows}
        parts = {target.parts[at] for at in rows}
        if len(labels) > 1:
            words = f"{what} of one text have different labels ({', '.join(sorted(labels))}): {listed}"
            yield Finding(first, Kind.LABEL_CONFLICT, words, _KEPT, Severity.ERROR, names[0], names[1:], number)
        if len(parts) > 1:
            in_parts = ", ".join(sorted(part or "none" for part in parts))
            words = f"{what} of one text are in several parts ({in_parts}): {listed}"
            yield Finding(first, Kind.LEAKAGE, words, _KEPT, Severity.ERROR, names[0], names[1:], number)
        if len(labels) == 1 and len(parts) == 1:
            words = f"{len(rows)} {what} of one text: {listed}"
            kept = "kept in one part together"
            yield Finding(first, Kind.DUPLICATE, words, kept, Severity.WARNING, names[0], names[1:], number)


def _classes(target: Target) -> Iterator[Finding]:
    counts = Counter(target.labels.tolist())
    for at, name in enumerate(target.classes):
        if counts[at] < _FEW:
            words = f"the class {name} has {counts[at]} text{'' if counts[at] == 1 else 's'}"
            yield Finding(name, Kind.SMALL_CLASS, words, "kept; add texts, or join it with another", Severity.WARNING)
    most, least = max(counts.values()), min(counts.values())
    if most > 10 * least:
        words = f"the largest class has {most:,} texts, the smallest {least:,}"
        yield Finding(target.where, Kind.IMBALANCE, words, "kept; --class-weights balanced evens it out", Severity.NOTE)


def _cut(target: Target, texts: Sequence[str], form: TextForm) -> Iterator[Finding]:
    _, whole = encode(texts, form)
    long = [at for at, length in enumerate(whole) if length > form.size]
    if long:
        names = tuple(target.names[at] for at in long)
        what = "1 text is" if len(long) == 1 else f"{len(long):,} texts are"
        words = f"{what} cut off at {form.size} tokens, the longest has {max(whole):,}"
        action = "kept; --image-size sets another limit"
        yield Finding(target.where, Kind.HUGE, words, action, Severity.WARNING, names[0], names[1:_NAMED])
