"""Whether what a range test found is for the settings at hand, and what differs where it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from tlviz.finetune.config import SETTINGS, FinetuneConfig
from tlviz.finetune.strategies import default_freeze, find_strategy
from tlviz.models.spec import Stage
from tlviz.runs.compare import differing_settings

UNREAD = tuple(row.name for row in SETTINGS.values() if not row.in_range_test)
"""Settings that a range test does not read: it ends before they matter."""
RATES = ("head_lr", "backbone_lr")
PROPORTION = "backbone rate over head rate"
ROUNDED = 0.1
"""Rates are written with two digits, so their proportion is known to a tenth."""


def other_settings(
    tested: FinetuneConfig, present: FinetuneConfig, stages: Sequence[Stage], *, with_backbone: bool
) -> dict[str, tuple[Any, Any]]:
    """Return the settings under which a test's curve is not the present one: name to (tested, present).

    The two rates themselves may differ; their proportion may not where the backbone trained ``with`` the head.
    ``stages`` are the present network's.
    """
    found = differing_settings([asdict(_with_depth(config, stages)) for config in (tested, present)])
    differing = {name: (one, other) for name, (one, other) in found.items() if name not in (*UNREAD, *RATES)}
    proportions = (tested.backbone_lr / tested.head_lr, present.backbone_lr / present.head_lr)
    if with_backbone and not math.isclose(*proportions, rel_tol=ROUNDED):
        differing[PROPORTION] = proportions
    return differing


def _with_depth(config: FinetuneConfig, stages: Sequence[Stage]) -> FinetuneConfig:
    """Write the strategy's own freeze depth out, where none was chosen."""
    if config.freeze is not None:
        return config
    return replace(config, freeze=default_freeze(find_strategy(config.strategy), stages))
