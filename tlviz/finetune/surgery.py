"""Where to cut: how hard the target pulls at each stage, measured without leaving a trace."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from tlviz.finetune.items import Items
from tlviz.finetune.pictures import shuffled
from tlviz.finetune.session import Session
from tlviz.measures.relative_gradients import relative_gradients
from tlviz.models.stages import named_stage_parameters

BATCHES = 4


def gradient_shares(session: Session, pictures: Items) -> list[float]:
    """Return each backbone stage's relative gradient norm, divided by the largest, from some training pictures.

    In eval mode, so that no statistic moves.  Raises ``Halted`` where a stop is asked for.
    """
    module, stages = session.network.module, session.network.stages[:-1]
    module.eval()
    members = [[parameter for _, parameter in named_stage_parameters(module, stage)] for stage in stages]
    return relative_gradients(members, _losses(session, pictures))


def _losses(session: Session, pictures: Items) -> Iterator[Tensor]:
    size = session.config.batch_size
    mixed = shuffled(session.split.train, session.config.seed, 0, 2)  # pictures lie class by class
    for at in range(0, min(BATCHES * size, len(mixed)), size):
        session.halt_if_asked()
        batch = mixed[at : at + size]
        yield nn.functional.cross_entropy(session.network.module(pictures.plain(batch)), pictures.labels(batch))
