"""Judging where no picture could be kept: the choice is repeated on images drawn anew."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.runs.best.test_found import search
from tlviz.finetune.cache import PrefixCachePool
from tlviz.jobs import best_judge
from tlviz.jobs.best_judge import judge
from tlviz.jobs.finetune import Shared
from tlviz.runs.best.judge import NESTED
from tlviz.runs.races.race import read_race


def test_without_a_test_part_all_epochs_of_all_runs_are_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    run = search()
    split = SimpleNamespace(train=np.arange(100, 150), validation=np.arange(100), test=np.array([], np.int64))
    images = SimpleNamespace(labels=np.arange(150) % 2)
    state = SimpleNamespace(session=SimpleNamespace(split=split, images=images))
    monkeypatch.setattr(best_judge.finetune, "set_up", lambda *_: state)
    members = read_race(run).members
    told = judge(run, members[1], members, Shared(PrefixCachePool(0)), own_test=False, is_measured=False)
    assert told["winner"] == members[1].run
    assert told["estimated_on"] == NESTED
    assert told["judged_images"] == 100
    assert 0.7 < told["accuracy"] <= 0.86
    assert told["signal"]
    assert told["guessing"] == 0.5
