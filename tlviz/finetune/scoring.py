"""How well a network does on some pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tlviz.data.training.splits import Indices
from tlviz.finetune.batches import BatchSource
from tlviz.finetune.device import pass_size
from tlviz.finetune.session import Session
from tlviz.measures.accuracy import accuracy, macro_f1
from tlviz.measures.paired import pack_hits

EVAL_BATCH = 32


@dataclass(frozen=True, slots=True)
class Score:
    """Mean cross-entropy, accuracy and macro-averaged F1 (fractions) over some images, and which were named rightly."""

    loss: float
    accuracy: float
    macro_f1: float
    hits: str = ""


def evaluate(session: Session, feed: BatchSource, indices: Indices) -> Score:
    """Score images as they are, in eval mode and without gradients.  Raises ``Halted`` where a stop is asked for."""
    return score(predict_logits(session, feed, indices), torch.from_numpy(session.images.labels[indices]))


def score(logits: Tensor, labels: Tensor) -> Score:
    """Return how good logits (n, C) are for labels (n,)."""
    loss = nn.functional.cross_entropy(logits, labels).item()
    hits = pack_hits((logits.argmax(1) == labels).numpy())
    return Score(loss, accuracy(logits, labels), macro_f1(logits, labels), hits)


def predict_logits(session: Session, feed: BatchSource, indices: Indices) -> Tensor:
    """Return the logits (n, C) of images on the CPU, in eval mode.  Raises ``Halted`` where a stop is asked for."""
    feed.eval_mode()
    order = feed.by_cost(indices)
    parts: list[Tensor] = []
    size = pass_size(EVAL_BATCH, session.config.batch_size)
    with torch.no_grad():
        for at in range(0, len(indices), size):
            session.halt_if_asked()
            parts.append(feed.logits(feed.plain(indices[order[at : at + size]])))
    found = torch.cat(parts).cpu()
    logits = torch.empty_like(found)
    logits[torch.from_numpy(order)] = found
    return logits
