"""Can this map be trusted?  A check that is asked for, with its verdicts in words."""

from __future__ import annotations

from collections.abc import Sequence

from tlviz.ui.attribution_panels import Answer, Subject


def render_trust(subject: Subject, answers: Sequence[Answer]) -> None:
    """Offer the check of a map and show what it found."""
