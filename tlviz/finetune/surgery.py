"""Where to cut: how hard the target pulls at each stage, measured without leaving a trace."""

from __future__ import annotations

import torch
from torch import nn

from tlviz.finetune.pictures import Pictures, shuffled
from tlviz.finetune.session import Session
from tlviz.measures.relative_gradient import relative_norm, relative_shares
from tlviz.models.stages import named_stage_parameters

BATCHES = 4


def gradient_shares(session: Session, pictures: Pictures) -> list[float]:
    """Return each backbone stage's relative gradient norm, divided by the largest, from some training pictures.

    Lee et al. 2022: the mean over a few batches of |gradient| / |weight|.  One-dimensional tensors (normalisation,
    biases) and those that are all zero are left out; stages without any others get 0, frozen ones are measured too.
    In eval mode, so that no statistic moves.  Raises ``Halted`` where a stop is asked for.
    """
    module, stages = session.network.module, session.network.stages[:-1]
    weights = [
        [p for _, p in named_stage_parameters(module, stage) if p.ndim > 1 and p.is_floating_point()]
        for stage in stages
    ]
    flat = [p for members in weights for p in members]
    trained = [p.requires_grad for p in flat]
    totals = [0.0] * len(stages)
    module.eval()
    try:
        for parameter in flat:
            parameter.requires_grad_(True)
        size = session.config.batch_size
        mixed = shuffled(session.split.train, session.config.seed, 0, 2)  # pictures lie class by class
        for at in range(0, min(BATCHES * size, len(mixed)), size):
            session.halt_if_asked()
            batch = mixed[at : at + size]
            loss = nn.functional.cross_entropy(module(pictures.plain(batch)), pictures.labels(batch))
            gradients = dict(zip(flat, torch.autograd.grad(loss, flat, allow_unused=True), strict=True))
            for number, members in enumerate(weights):
                used = [p for p in members if gradients[p] is not None and bool(p.any())]
                totals[number] += relative_norm([g for p in used if (g := gradients[p]) is not None], used)
    finally:
        for parameter, was_trained in zip(flat, trained, strict=True):
            parameter.requires_grad_(was_trained)
    return relative_shares(totals)
