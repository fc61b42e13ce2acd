"""From a batch to the gradients of one update."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from tlviz.data.training.mix import mix_batch
from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import Indices
from tlviz.finetune.state import State

Note = Callable[[Tensor, Tensor, Tensor], None]
"""Takes the mean loss of a piece, its logits (n, C) and labels (n,)."""


def backward(state: State, batch: Indices, epoch: int, generator: torch.Generator, note: Note | None = None) -> Tensor:
    """Add the gradients of a batch's loss to the parameters, in pieces of ``batch_size``; return that loss.

    Pieces are told to ``note``.  ``generator`` draws what augmentation and mixing need.
    """
    config, classes = state.session.config, len(state.session.network.classes)
    batch_labels, total = state.feed.labels(batch), torch.zeros((), device=state.session.device)
    for piece in np.array_split(batch, math.ceil(len(batch) / config.batch_size)):
        inputs, labels = state.feed.train(piece, epoch, generator), state.feed.labels(piece)
        targets = labels
        if config.mix is not Mix.NONE:
            inputs, targets = mix_batch(inputs, labels, classes, config.mix, generator)
        logits = state.feed.logits(inputs)
        loss = state.loss(logits, targets)
        share = loss * state.loss.share(labels, batch_labels, targets)
        share.backward()
        total += share.detach()
        if note is not None:
            note(loss, logits, labels)
    return total
