"""The runs that an advice suggests."""

from __future__ import annotations

from dataclasses import replace

from tests.profiles import made_profile
from tlviz.diagnose.records import Candidate
from tlviz.finetune.config import configure
from tlviz.runs.advice.advised_runs import advised_runs


def test_the_advised_run_is_first_and_every_run_can_be_configured() -> None:
    runs = advised_runs(made_profile().advice)
    assert [(run["strategy"], run["freeze"]) for run in runs] == [("last_stages", 2), ("head_only", None)]
    for run in runs:
        assert configure("squeezenet1_1", "clipart", **run).head_lr == 1e-3


def test_the_advised_run_is_not_raced_twice_and_random_weights_keep_their_rates() -> None:
    advice = made_profile().advice
    entrants = (Candidate("two_phase", None, ""), Candidate("full", 0, ""), Candidate("from_scratch", None, ""))
    runs = advised_runs(replace(advice, strategy="two_phase", freeze=0, candidates=entrants))
    assert [run["strategy"] for run in runs] == ["two_phase", "full", "from_scratch"]
    assert [run["backbone_lr"] for run in runs] == [1e-4, 1e-4, 1e-3]
