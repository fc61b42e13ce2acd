"""What the probing tasks of a text target say, in words.  Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tlviz.diagnose.records import ProbedTask

ASKED = {
    "surface": "surface asks for a sentence's length in thirds",
    "grammar": "grammar asks whether two neighbouring words were swapped",
    "meaning": "meaning asks for the target's label",
}
"""What each task asks, as a clause (after Conneau et al. 2018)."""


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


def how_to_read(probing: Mapping[str, Sequence[ProbedTask]]) -> str:
    """Say what the tasks ask, in which order they peak, and which peaks stand out from random weights.

    A peak stands out where it is above random weights by more than the standard error of the difference.
    """
    if not probing:
        return ""
    peaks = {task: peak(rows) for task, rows in probing.items()}
    depth = {task: [row.stage for row in rows].index(peaks[task].stage) for task, rows in probing.items()}
    ordered = sorted(peaks, key=lambda task: depth[task])
    order = ", then ".join(
        " and ".join(task for task in ordered if depth[task] == level) for level in sorted({*depth.values()})
    )
    lost = [task for task, best in peaks.items() if best.accuracy - best.random <= _error(best)]
    words = [f"{'; '.join(ASKED[task] for task in probing if task in ASKED)}."]
    if len(probing) > 1 and len({*depth.values()}) == 1:
        words.append("All peak at the same stage.")
    elif len(probing) > 1:
        words.append(f"From the first stage to the last, the peaks come in this order: {order}.")
    if lost:
        words.append(
            f"At the peak of {' and of '.join(lost)} random weights do as well within one standard error, so what is "
            "read there need not be learnt."
        )
    else:
        words.append("Each peak is above random weights by more than one standard error.")
    words[0] = words[0][:1].upper() + words[0][1:]
    return " ".join([*words, "Dotted: the same tasks read from random weights; bars: one standard error."])


def _error(row: ProbedTask) -> float:
    return float((row.se**2 + row.random_se**2) ** 0.5)
