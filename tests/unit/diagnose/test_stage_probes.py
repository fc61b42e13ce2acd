"""Probes are told stage by stage, and are those that a stage's measures would make themselves."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.diagnose.early import EarlyStage
from tlviz.diagnose.stage_probes import StageProbes, probe_stage
from tlviz.measures.probe import equalised, probe_equalised


def test_every_probe_is_told_at_once_and_kept() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 2
    features, random = (
        {name: generator.normal(size=(40, 6)).astype(np.float32) + at * labels[:, None] for name in ("stem", "body")}
        for at in (2, 0)
    )
    told: list[EarlyStage] = []
    probes = StageProbes(labels, None, told.append)
    probes.add_pretrained(features)
    assert [(stage.name, stage.random) for stage in told] == [("stem", None), ("body", None)]
    probes.add_random(random)
    probes.add_random(features)
    alone = {name: probe_equalised(equalised(values), labels) for name, values in features.items()}
    assert told[0].probe == alone["stem"].accuracy > told[0].chance == 0.5
    assert told[-1].random == pytest.approx(np.mean([one.accuracy for one in probes.of("body").at_random]))
    once = probe_stage(features["stem"], [random["stem"], features["stem"]], labels, None)
    kept = probes.of("stem")
    assert np.array_equal(once.scores, kept.scores)
    assert [one.accuracy for one in once.at_random] == [one.accuracy for one in kept.at_random]
    assert np.array_equal(once.probe.correct, kept.probe.correct)
