"""The range test as a worker's job: a curve and a suggestion in its folder, and no weights."""

from __future__ import annotations

import time

from tlviz.finetune.config import configure
from tlviz.runs.launch import start_range_test
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import RANGE_TEST


def test_a_job_leaves_its_curve_and_a_later_one_replaces_it() -> None:
    config = configure("squeezenet1_1", "clipart", "head_only", image_size=64, batch_size=16)
    run = start_range_test(config)
    end = time.time() + 90
    while not run.status().is_over and time.time() < end:
        time.sleep(0.1)
    last = run.events()[-1]
    assert run.status() is Status.FINISHED, last
    assert len(last["rates"]) == len(last["losses"]) > 20
    assert 1e-6 < last["suggested"] < 1
    assert (last["phases"], last["with_backbone"]) == (1, False)
    assert not run.weights.exists()
    second = start_range_test(config)
    assert [test.name for test in list_runs(RANGE_TEST)] == [second.name]
