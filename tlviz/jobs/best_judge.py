"""What the winner of a search for the best model is worth, on pictures that no choice has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlviz.finetune.config import FinetuneConfig
from tlviz.jobs import finetune
from tlviz.jobs.finetune import Shared
from tlviz.jobs.job import Job
from tlviz.measures.paired import Hits, unpack_hits
from tlviz.runs.best.judge import HELD_OUT, TEST, Estimate, guessing_share, has_signal, nested, on_part
from tlviz.runs.races.race import Member, folder_of
from tlviz.runs.store.folder import RunFolder


def judge(
    race: RunFolder,
    winner: Member,
    members: Sequence[Member],
    shared: Shared,
    *,
    own_test: bool,
    is_measured: bool,
) -> dict[str, Any]:
    """Return what the last event of a search says of its winner, from the test part or, without one, by resampling.

    ``own_test`` says that the test part is the target's own.  Raises ``TlvizError`` where the target has changed.
    """
    found = _estimate(race, winner, members, shared, own_test=own_test)
    if found is None:
        return {"winner": winner.run, "signal": is_measured}
    return {
        "winner": winner.run,
        "accuracy": found.accuracy,
        "interval": list(found.interval),
        "estimated_on": found.estimated_on,
        "judged_images": found.images,
        "guessing": found.guessing,
        "signal": has_signal(found, is_measured=is_measured),
    }


def _estimate(
    race: RunFolder, winner: Member, members: Sequence[Member], shared: Shared, *, own_test: bool
) -> Estimate | None:
    run = folder_of(race, str(winner.run))
    state = finetune.set_up(Job(run), FinetuneConfig.from_json(winner.settings), shared)
    split, labels = state.session.split, state.session.images.labels
    if len(split.test):
        guessing = guessing_share(labels[split.train], labels[split.test])
        hits = unpack_hits(finetune.score_test(run, state).hits, len(split.test))
        return None if hits is None else on_part(hits, guessing, TEST if own_test else HELD_OUT)
    guessing = guessing_share(labels[split.train], labels[split.validation])
    return nested(_candidates(race, members, len(split.validation)), guessing)


def _candidates(race: RunFolder, members: Sequence[Member], images: int) -> list[Hits]:
    """Return which validation images each epoch of each run named rightly."""
    found = []
    for member in members:
        events = folder_of(race, member.run).events() if member.run else []
        told = [str(event.get("val_hits") or "") for event in events if event.get("event") == "epoch"]
        found += [hits for hits in (unpack_hits(text, images) for text in told) if hits is not None]
    return found
