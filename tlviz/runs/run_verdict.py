"""What a run has shown, in one sentence: its accuracy, what of it is choice, and how it stands among its like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tlviz.data.images import dataset_title
from tlviz.runs.beside import POINTS, paired_runs
from tlviz.runs.chosen_epoch import LEAST, run_without_choice
from tlviz.runs.overview import RunRow
from tlviz.runs.paired_runs import Gap
from tlviz.runs.places import same_settings
from tlviz.runs.races.verdict import plus_minus
from tlviz.runs.sides import image_error
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import short_titles


@dataclass(frozen=True, slots=True)
class Rank:
    """How a run stands among those of one network and target: ``place`` from 1, ``rival`` the best of the others.

    ``gap`` is how far the run is above the rival, None where that cannot be told.
    """

    place: int
    of: int
    rival: str
    gap: Gap | None


def like(row: RunRow, rows: Sequence[RunRow]) -> list[RunRow]:
    """Return the runs of the same network and target that have a result, itself among them."""
    return [
        other
        for other in rows
        if (other.model, other.data) == (row.model, row.data) and other.best_val_accuracy is not None
    ]


def best_like(row: RunRow, rows: Sequence[RunRow]) -> RunRow:
    """Return the best run of the same network and target, the newest of several; itself where none has a result."""
    return max(like(row, rows), key=lambda other: (other.best_val_accuracy or 0.0, other.started), default=row)


def run_verdict(summary: RunSummary, rows: Sequence[RunRow], strong: Callable[[str], str] = str) -> str:
    """Say in one sentence what a run reached and how it stands among ``rows``, '' before it reached anything."""
    own = next((row for row in rows if row.run == summary.run), None)
    if summary.best_val_accuracy is None or own is None:
        return ""
    images = summary.start_event.get("validation_images")
    return run_words(
        summary.best_val_accuracy,
        image_error(summary) if isinstance(images, int) else None,
        images if isinstance(images, int) else None,
        run_without_choice(summary),
        rank(summary, own, rows),
        f"{summary.model} on {dataset_title(summary.data)}",
        strong,
    )


def rank(summary: RunSummary, own: RunRow, rows: Sequence[RunRow]) -> Rank | None:
    """Return how a run stands among those of its network and target, None where it is the only one."""
    alike = like(own, rows)
    others = [row for row in alike if row.run != own.run]
    if not others:
        return None
    best = max(others, key=lambda row: row.best_val_accuracy or 0.0)
    rival = summarise(best.folder)
    title = short_titles([own, best], [same_settings(summary.settings), same_settings(rival.settings)])[1]
    above = sum((row.best_val_accuracy or 0.0) > (own.best_val_accuracy or 0.0) for row in others)
    return Rank(1 + above, len(alike), title, paired_runs(summary, rival))


def run_words(
    accuracy: float,
    error: float | None,
    images: int | None,
    without: float | None,
    among: Rank | None,
    kind: str,
    strong: Callable[[str], str] = str,
) -> str:
    """Write the sentence of these numbers; ``kind`` names the network and the target."""
    counted = f" of {images:,} validation images" if images else " of the validation images"
    return (
        f"{strong(f'{accuracy:.1%}{plus_minus(error)}')}{counted}{_choice(accuracy, without)}; {_stands(among, kind)}."
    )


def _choice(accuracy: float, without: float | None) -> str:
    if without is None:
        return ", on which its best epoch was chosen, so it looks better than it is"
    if accuracy - without < LEAST:
        return ", to which the choice of the best epoch adds nothing"
    return f", about {without:.1%} without the choice of the best epoch on them"


def _stands(among: Rank | None, kind: str) -> str:
    if among is None:
        return f"the only run of {kind} so far, so nothing says whether another would do better"
    gap = among.gap
    if among.place == 1:
        if gap is not None and gap.gap == 0:
            return f"no run of {kind} reached more, {among.rival} as much ({among.of} runs)"
        by = f" by {abs(gap.gap) * POINTS:.1f} points" if gap else ""
        return f"the best of {among.of} runs of {kind}, ahead of {among.rival}{by}{_noise(gap)}"
    by = f"{abs(gap.gap) * POINTS:.1f} points above it" if gap else "above it"
    place = f"{among.place}{_ordinal(among.place)}"
    return f"{place} of {among.of} runs of {kind}: the best, {among.rival}, is {by}{_noise(gap)}"


def _noise(gap: Gap | None) -> str:
    if gap is None:
        return ""
    noise = "more than" if gap.is_distinguishable else "within"
    return f", {noise} the noise of the images, and one run each cannot show luck"


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
