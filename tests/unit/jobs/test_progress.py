"""What a work tells of itself reaches the heartbeat at a bearable pace, and a stop ends it."""

from __future__ import annotations

from typing import Any

import pytest

from tlviz.jobs import progress as module
from tlviz.jobs.job import StoppedEarly
from tlviz.jobs.progress import UnknownShare, telling


class FakeJob:
    """Notes what it is told; ``now`` is the clock."""

    def __init__(self) -> None:
        self.now, self.stops = 50.0, False
        self.told: list[tuple[str, float, float | None]] = []

    def should_stop(self) -> bool:
        return self.stops

    def tell(self, _state: object, doing: str, fraction: float, seconds_left: float | None) -> None:
        self.told.append((doing, fraction, seconds_left))


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Any:
    fake = FakeJob()
    monkeypatch.setattr(module.time, "monotonic", lambda: fake.now)
    return fake


def test_a_part_is_told_when_it_begins_every_fifth_of_a_second_and_when_it_ends(job: Any) -> None:
    progress = telling(job)
    for done in range(11):
        job.now = 50.0 + done * 0.0625
        progress("reading", done, 10)
        progress("reading", done, 10)
    assert [words for words, _, _ in job.told] == [f"reading: {done} of 10" for done in (0, 4, 8, 10)]
    assert [left for _, _, left in job.told] == pytest.approx([None, 0.375, 0.125, 0])
    assert [fraction for _, fraction, _ in job.told] == [0, 0.4, 0.8, 1]
    progress("comparing", 0, 3)
    assert job.told[-1][0] == "comparing: 0 of 3"


def test_numbers_are_in_their_unit_and_an_unknown_share_says_no_time(job: Any) -> None:
    telling(job, unit=1e6, unit_name="MB")("downloading", 3_000_000, 4_400_000_000)
    assert job.told[-1][0] == "downloading: 3 of 4,400 MB"
    job.now += 5
    telling(job, UnknownShare())("reading", 5, 10)
    assert job.told[-1] == ("reading: 5 of 10", 0.0, None)


def test_nothing_at_all_is_an_end(job: Any) -> None:
    telling(job)("reading", 0, 0)
    assert job.told == [("reading: 0 of 0", 0.0, None)]


def test_a_stop_ends_the_work(job: Any) -> None:
    progress = telling(job)
    progress("reading", 1, 10)
    job.stops = True
    progress("reading", 2, 10)
    job.now += 0.3
    with pytest.raises(StoppedEarly):
        progress("reading", 3, 10)
