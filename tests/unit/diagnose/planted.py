"""Stages with planted numbers, for tests of what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tlviz.diagnose.records import StageProfile


def planted(
    probe: Sequence[float],
    random: Sequence[float] | None = None,
    shift: Sequence[float] | None = None,
    **others: Any,
) -> list[StageProfile]:
    """Return stages a, b, c ... whose measures all follow the probe, each difference with an error of one point."""
    at_random = random or [0.3] * len(probe)
    blank = StageProfile(
        *("", 64, 0, 0.02, 0, 0.01, 0, 0.02, 0, 0.01, 0.25, 0.3, 0, 0.3, 0, 0, 0.1, 9, 9, 5.0),
        *(None, None, 0.0, 0.0, 0.5, "", (), 0.0),
    )
    return [
        replace(
            blank,
            name="abcdefghi"[at],
            probe=value,
            behind=max(probe) - value,
            random_probe=at_random[at],
            gain=value - at_random[at],
            knn=value,
            transrate=value,
            shift=None if shift is None else 10 * shift[at],
            shift_raw=None if shift is None else shift[at],
            **others,
        )
        for at, value in enumerate(probe)
    ]
