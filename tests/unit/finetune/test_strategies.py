"""How deep each strategy freezes."""

from __future__ import annotations

from tlviz.finetune.strategies import STRATEGIES, default_freeze
from tlviz.models.spec import Stage


def stages(*shares: float) -> list[Stage]:
    return [Stage(f"s{at}", (f"m{at}",), 10, 8, 2, share) for at, share in enumerate(shares)]


FIVE = stages(0.3, 0.3, 0.15, 0.2, 0.05)


def test_default_depths() -> None:
    assert {name: default_freeze(STRATEGIES[name], FIVE) for name in STRATEGIES} == {
        "head_only": 4,
        "last_stages": 3,
        "two_phase": 0,
        "gradual": 0,
        "discriminative": 0,
        "full": 0,
        "from_scratch": 0,
        "norm_only": 0,
        "surgical": 0,
    }
    assert default_freeze(STRATEGIES["last_stages"], stages(0.2, 0.2, 0.6)) == 1, "the last backbone stage is tuned"
