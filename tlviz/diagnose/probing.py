"""The three probing tasks of a text target, stage by stage, beside random weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from tlviz.data.texts.probing_tasks import length_thirds, swapped
from tlviz.data.texts.source import TextForm, encode
from tlviz.diagnose.features import Features
from tlviz.diagnose.passes import pretrained_pass, random_pass
from tlviz.diagnose.records import ProbedTask
from tlviz.diagnose.stage_pass import StagePass
from tlviz.measures.balanced import Ints
from tlviz.measures.probe import Probe, linear_probe
from tlviz.models.load import Network

SURFACE, GRAMMAR, MEANING = TASKS = ("surface", "grammar", "meaning")
MOST_SWAPPED = 800
"""Sentences of which a swapped version is made: each costs two passes."""
Progress = Callable[[str, int, int], None]


Probing = Mapping[str, tuple[ProbedTask, ...]]
"""The tasks by name, of each its stages in order."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is probed: the sentences, their labels (N,) from 0 and groups (N,), the form they take, and the seed."""

    texts: Sequence[str]
    labels: Ints
    groups: Ints
    form: TextForm
    seed: int


def probe_tasks(
    network: Network,
    asked: Asked,
    seen: tuple[StagePass, Sequence[StagePass]],
    copy: Callable[[int], Network],
    identity: str,
    tell: Progress,
) -> Probing:
    """Probe every stage for surface, grammar and meaning.

    ``seen`` are the passes over the sentences as they are, of the network and of its random copies.  For grammar each
    sentence stands beside itself with two neighbours swapped, and both are left out of the probe together.
    """
    pretrained, randoms = seen
    names = [stage.name for stage in network.stages[:-1]]
    thirds = length_thirds(asked.texts)
    rows, changed = swapped(asked.texts, asked.seed)
    kept = rows[np.linspace(0, max(0, len(rows) - 1), min(MOST_SWAPPED, len(rows))).round().astype(np.int64)]
    found: dict[str, tuple[ProbedTask, ...]] = {
        SURFACE: _probed(names, pretrained.features, [one.features for one in randoms], thirds, asked.groups),
        MEANING: _probed(names, pretrained.features, [one.features for one in randoms], asked.labels, asked.groups),
    }
    if len(kept) >= 2:
        texts = dict(zip(rows.tolist(), changed, strict=True))
        other, _ = encode([texts[at] for at in kept.tolist()], asked.form)
        told = partial(tell, "swapped words")
        after = pretrained_pass(lambda: network, identity, other, asked.seed, told).features
        before = {name: pretrained.features[name][kept] for name in names}
        told = partial(tell, "swapped words, random weights")
        random_after = random_pass(partial(copy, asked.seed), identity, other, asked.seed, told).features
        random_before = {name: randoms[0].features[name][kept] for name in names}
        pairs = np.tile(asked.groups[kept], 2)
        is_swapped = np.repeat([0, 1], len(kept))
        both = {name: np.concatenate([before[name], after[name]]) for name in names}
        at_random = {name: np.concatenate([random_before[name], random_after[name]]) for name in names}
        found[GRAMMAR] = _probed(names, both, [at_random], is_swapped, pairs)
    return {task: found[task] for task in TASKS if task in found}


def _probed(
    names: Sequence[str],
    features: Mapping[str, Features],
    randoms: Sequence[Mapping[str, Features]],
    labels: Ints,
    groups: Ints,
) -> tuple[ProbedTask, ...]:
    chance = 1 / len(np.unique(labels))
    rows = []
    with threadpool_limits(1, "blas"):  # threads cost small matrices more than they bring
        for name in names:
            probe = linear_probe(features[name], labels, groups)
            draws: list[Probe] = [linear_probe(one[name], labels, groups) for one in randoms]
            rows.append(
                ProbedTask(
                    stage=name,
                    accuracy=probe.accuracy,
                    se=probe.standard_error,
                    random=float(np.mean([draw.accuracy for draw in draws])),
                    random_se=float(np.mean([draw.standard_error for draw in draws])),
                    chance=chance,
                )
            )
    return tuple(rows)
