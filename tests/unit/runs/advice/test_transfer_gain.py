"""The yardstick from scratch: what counts as one, and what the difference says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from tlviz.finetune.config import configure
from tlviz.measures.accuracy import standard_error
from tlviz.runs.advice.transfer_gain import Direction, Transfer, compare_with_scratch, yardstick
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import RunSummary


def summary(strategy: str, accuracy: float | None, **settings: Any) -> RunSummary:
    """Return a finished run of SqueezeNet on clip art that was judged by 100 pictures."""
    config = configure("squeezenet1_1", "clipart", strategy, **settings)
    return RunSummary(
        run=strategy,
        kind="finetune",
        folder="",
        status=Status.FINISHED,
        model="squeezenet1_1",
        data="clipart",
        strategy=strategy,
        epochs_run=7,
        best_epoch=5,
        best_val_accuracy=accuracy,
        test_accuracy=None,
        duration_s=1.0,
        images_per_s=None,
        trainable_parameters=None,
        frozen_parameters=None,
        peak_memory_mb=None,
        device="cpu",
        started=0.0,
        error=None,
        settings=config.to_json(),
        epochs=[],
        start_event={"validation_images": 100},
    )


@pytest.mark.parametrize(
    ("own", "scratch", "direction"),
    [
        (0.8, 0.5, Direction.POSITIVE),
        (0.5, 0.8, Direction.NEGATIVE),
        (0.52, 0.5, Direction.UNCLEAR),
        (0.5, 0.5, Direction.UNCLEAR),
    ],
)
def test_a_difference_counts_beyond_its_standard_error(own: float, scratch: float, direction: Direction) -> None:
    transfer = compare_with_scratch(summary("full", own), [summary("from_scratch", scratch)])
    assert transfer is not None
    assert transfer.gain == pytest.approx(own - scratch)
    assert transfer.error == pytest.approx(math.hypot(standard_error(own, 100), standard_error(scratch, 100)))
    assert transfer.direction is direction


def test_only_finished_runs_from_scratch_on_the_same_pictures_are_yardsticks() -> None:
    own = summary("head_only", 0.8)
    others = [
        summary("full", 0.1),
        summary("from_scratch", 0.2, seed=1),
        summary("from_scratch", 0.3, image_size=128),
        replace(summary("from_scratch", 0.4), status=Status.STOPPED),
        replace(summary("from_scratch", None), status=Status.FINISHED),
    ]
    assert compare_with_scratch(own, others) is None
    best = compare_with_scratch(own, [*others, summary("from_scratch", 0.5), summary("from_scratch", 0.6)])
    assert best is not None
    assert best.scratch_accuracy == 0.6


def test_a_run_from_scratch_has_no_source_to_judge() -> None:
    assert compare_with_scratch(summary("from_scratch", 0.5), [summary("from_scratch", 0.4)]) is None
    assert compare_with_scratch(summary("full", None), [summary("from_scratch", 0.4)]) is None


def test_the_yardstick_sees_the_same_pictures_with_the_same_budget() -> None:
    config = configure(
        "squeezenet1_1",
        "clipart",
        "two_phase",
        epochs=3,
        seed=4,
        freeze=None,
        image_size=96,
        batch_size=8,
        test_share=0.1,
    )
    scratch = yardstick(config)
    assert scratch.strategy == "from_scratch"
    assert (scratch.epochs, scratch.seed, scratch.image_size, scratch.batch_size, scratch.test_share) == (
        3,
        4,
        96,
        8,
        0.1,
    )
    assert (scratch.head_lr, scratch.backbone_lr) == (1e-3, 1e-3)
    own = replace(summary("two_phase", 0.9), settings=config.to_json())
    assert compare_with_scratch(own, [replace(summary("from_scratch", 0.2), settings=scratch.to_json())]) is not None


@pytest.mark.parametrize(
    ("gain", "direction"),
    [(0.48, Direction.UNCLEAR), (-0.48, Direction.UNCLEAR), (0.5, Direction.POSITIVE), (-0.5, Direction.NEGATIVE)],
)
def test_a_difference_counts_from_95_percent_on(gain: float, direction: Direction) -> None:
    assert Transfer("x", 0.5, 3, gain, 0.25, abs(gain) > 0.49).direction is direction
