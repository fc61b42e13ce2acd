"""What the probing tasks of a text target say, in words.  Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tlviz.diagnose.records import ProbedTask


def peak(rows: Sequence[ProbedTask]) -> ProbedTask:
    """Return the stage at which a task is answered best, the first of several."""
    return max(rows, key=lambda row: row.accuracy)


def in_words(probing: Mapping[str, Sequence[ProbedTask]]) -> str:
    """Say where each task peaks, and by how much it is above random weights; '' where none was probed."""
    words = []
    for task, rows in probing.items():
        best = peak(rows)
        words.append(f"{task} at {best.stage} ({best.accuracy:.0%}, random weights {best.random:.0%})")
    return f"Read best: {', '.join(words)}." if words else ""
