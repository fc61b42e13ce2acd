"""How alike stages see the same pictures: of one network, of two, of a run and its pretrained start."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from tlviz.diagnose.features import Features
from tlviz.measures.cka import cka_matrix, linear_cka

Similarity = tuple[tuple[float | None, ...], ...]


def stage_similarity(first: Mapping[str, Features], second: Mapping[str, Features] | None = None) -> Similarity:
    """Return the debiased linear CKA of all stages of ``first`` (rows) and of ``second``, {stage: features (N, D)}.

    Both are of the same N pictures; without ``second`` the stages are compared with each other.  None where a stage
    does not vary.
    """
    rows = [torch.from_numpy(features) for features in first.values()]
    columns = None if second is None else [torch.from_numpy(features) for features in second.values()]
    return tuple(tuple(_number(value) for value in row) for row in cka_matrix(rows, columns))


def drift(tuned: Mapping[str, Features], start: Mapping[str, Features]) -> dict[str, float | None]:
    """Return the debiased linear CKA of each stage of a tuned network to the same stage of its pretrained start.

    1 is unchanged.  Both are {stage: features (N, D)} of the same N pictures; stages that only one has are left out.
    """
    return {
        name: _number(linear_cka(torch.from_numpy(features), torch.from_numpy(start[name])))
        for name, features in tuned.items()
        if name in start
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
