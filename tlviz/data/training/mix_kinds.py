"""The ways to blend training pictures, named without torch."""

from __future__ import annotations

from enum import StrEnum


class Mix(StrEnum):
    """How two pictures of a batch become one: not at all, by weighted mean, or by a pasted rectangle."""

    NONE = "none"
    MIXUP = "mixup"
    CUTMIX = "cutmix"
