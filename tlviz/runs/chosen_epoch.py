"""What the best epoch of a run is worth on other images than those it was chosen on, and how that is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tlviz.finetune.choices import Monitor
from tlviz.measures.best_of import accuracy_without_choice
from tlviz.measures.paired import unpack_hits
from tlviz.runs.summary import RunSummary

LEAST = 0.0005
"""A gain by choice below this would be shown as none."""


def without_choice(epochs: Sequence[Mapping[str, Any]], images: int) -> float | None:
    """Return the accuracy to expect of the best of a run's epochs on other images, from which of ``images`` were right.

    None where that is not known of every epoch.
    """
    return _of(tuple(str(epoch.get("val_hits") or "") for epoch in epochs), images)


@lru_cache(maxsize=256)
def _of(told: tuple[str, ...], images: int) -> float | None:
    """Return it for hits as they were written, kept because pages ask again with every click."""
    hits = [unpack_hits(text, images) for text in told]
    known = [right for right in hits if right is not None]
    return accuracy_without_choice(known) if len(known) == len(hits) else None


def run_without_choice(summary: RunSummary) -> float | None:
    """Return what ``without_choice`` says of a run; None where its best epoch is the one of the least loss."""
    images = summary.start_event.get("validation_images")
    if summary.settings.get("monitor") == Monitor.LOSS or not isinstance(images, int):
        return None
    return without_choice(summary.epochs, images)


def choice_words(accuracy: float, without: float | None) -> str:
    """Say what an accuracy of the best epoch is without the luck of having been chosen."""
    if without is None:
        return "The best epoch is chosen on these images, so it looks better than it is."
    if accuracy - without < LEAST:
        return "Choosing the best epoch on these images adds nothing to it here."
    return f"The best epoch is chosen on these images; without that choice expect about {without:.1%} on others."
