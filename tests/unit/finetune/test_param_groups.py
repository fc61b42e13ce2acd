"""Which groups the optimizer holds, and what decays."""

from __future__ import annotations

from tlviz.finetune.config import configure
from tlviz.finetune.param_groups import build_optimizer, group_table
from tlviz.models.load import Network


def decays(network: Network, **chosen: float) -> dict[str, set[float]]:
    config = configure("squeezenet1_1", "clipart", "full", weight_decay=0.05, **chosen)
    rows = group_table(build_optimizer(network.module, network.stages, [0.1] * len(network.stages), config))
    return {stage.name: {row.weight_decay for row in rows if row.stage == stage.name} for stage in network.stages}


def test_every_stages_kernels_decay(tiny: Network) -> None:
    assert decays(tiny) == {key: {0.0, 0.05} for key in ("stem", "block1", "block2", "head")}


def test_a_backbone_that_is_pulled_to_its_start_does_not_decay_as_well(tiny: Network) -> None:
    assert decays(tiny, l2_sp=0.01) == {key: {0.0} for key in ("stem", "block1", "block2")} | {"head": {0.0, 0.05}}
