"""A suggested rate is advised only where it beats the run's own on held-out pictures, and nothing is left behind."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.finetune.test_range_test import fingerprint, state_of
from tlviz.data.images import ImageSet
from tlviz.finetune import rate_check
from tlviz.finetune.rate_check import check_rate
from tlviz.models.load import Network


def test_it_leaves_no_trace_and_advises_a_rate_that_was_tried(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full", head_lr=1e-3)
    state.begin()
    before = fingerprint(state)
    found = check_rate(state, 1e-5)
    assert fingerprint(state) == before
    assert found.advised in found.rates
    assert len(found.accuracies) == 3


@pytest.mark.parametrize(("rights", "advised"), [((60, 70, 90), 1e-2), ((60, 61, 61), 1e-3), ((60, 20, 10), 1e-3)])
def test_the_own_rate_stays_unless_another_is_better_by_more_than_noise(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch, rights: tuple[int, ...], advised: float
) -> None:
    reached = iter(rights)
    monkeypatch.setattr(rate_check, "hits_after", lambda *_: np.arange(100) < next(reached))
    found = check_rate(state_of(tiny, colours, "full", head_lr=1e-3), 1e-2)
    assert found.advised == pytest.approx(advised)
    assert ("stays" in found.words) is (advised == 1e-3)


def test_without_another_rate_nothing_is_trained(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full", head_lr=1e-3)
    assert check_rate(state, None).advised == 1e-3
    assert check_rate(state, 1.1e-3).rates == ()
