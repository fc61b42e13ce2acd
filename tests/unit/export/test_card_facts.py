"""A card tells of the very weights that are exported."""

from __future__ import annotations

from tests.unit.export.test_card import facts
from tlviz.export.card_facts import source_of


def test_the_facts_are_those_of_the_epoch_of_the_weights() -> None:
    best, begun = facts(), facts(epoch=0)
    assert (best.accuracy, best.is_best, begun.accuracy, begun.is_best) == (0.75, True, 0.25, False)
    assert best.own_answers is not None
    assert begun.own_answers is None, "what was kept are the answers of the best epoch"
    assert (best.images("validation"), best.images("test"), best.images("other")) == (40, 10, None)
    assert source_of(best.header).name == "squeezenet1_1"
