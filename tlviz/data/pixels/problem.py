"""What is odd about a file, in words for a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd about one file or folder, and what the program does about it."""

    path: str
    problem: str
    action: str
