"""The guided lesson."""

from __future__ import annotations


def render_lesson() -> None:
    """Draw the lesson."""
