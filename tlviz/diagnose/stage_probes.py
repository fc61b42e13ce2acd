"""The probes of every stage, made as soon as its features are there, and told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from tlviz.diagnose.early import Early, EarlyStage
from tlviz.diagnose.features import Features
from tlviz.measures.balanced import Floats, Ints
from tlviz.measures.probe import Probe, equalised, probe_equalised


@dataclass(frozen=True, slots=True)
class Probed:
    """One stage's equalised features (N, D), the probe on them, and the probes of the random copies."""

    scores: Floats
    probe: Probe
    at_random: Sequence[Probe]


def probe_stage(target: Features, randoms: Sequence[Features], labels: Ints, groups: Ints | None) -> Probed:
    """Probe a stage's features (N, D) and the random copies'; images of one group (N,) are left out together."""
    scores = equalised(target)
    return Probed(scores, probe_equalised(scores, labels, groups), [_probe(one, labels, groups) for one in randoms])


class StageProbes:
    """Probes of all stages for labels (N,); ``tell`` hears of each as soon as it is made."""

    def __init__(self, labels: Ints, groups: Ints | None, tell: Early | None) -> None:
        self._labels, self._groups, self._tell = labels, groups, tell
        self._chance = 1 / len(np.unique(labels))
        self._found: dict[str, Probed] = {}

    def add_pretrained(self, features: Mapping[str, Features]) -> None:
        """Probe the network itself, features (N, D) by stage."""
        for name, target in features.items():
            with threadpool_limits(1, "blas"):  # threads cost small matrices more than they bring
                self._found[name] = probe_stage(target, (), self._labels, self._groups)
            self._say(name)

    def add_random(self, features: Mapping[str, Features]) -> None:
        """Probe one more random copy, features (N, D) by stage; the network itself comes first."""
        for name, target in features.items():
            before = self._found[name]
            with threadpool_limits(1, "blas"):
                more = _probe(target, self._labels, self._groups)
            self._found[name] = Probed(before.scores, before.probe, (*before.at_random, more))
            self._say(name)

    def of(self, name: str) -> Probed:
        """Return the probes of a stage."""
        return self._found[name]

    def _say(self, name: str) -> None:
        if self._tell is None:
            return
        found = self._found[name]
        random = float(np.mean([one.accuracy for one in found.at_random])) if found.at_random else None
        self._tell(EarlyStage(name, found.probe.accuracy, found.probe.standard_error, self._chance, random))


def _probe(features: Features, labels: Ints, groups: Ints | None) -> Probe:
    return probe_equalised(equalised(features), labels, groups)
